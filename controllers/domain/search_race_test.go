//go:build race

package domain

const raceDetector = true
