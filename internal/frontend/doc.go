// Package frontend serves the HTTP contract between onboarders and the factory: both dialects, authentication, limits and problem documents.
//
// What an answer means is decided in the package orders; here it gets its form. The package holds no credential of a registrar, reads no
// Secret, and knows tokens by their digests only.
package frontend
