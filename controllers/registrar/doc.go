// Package registrar is the duty that says whether a Registrar works: that this factory's environment takes its provider, that nobody else
// sells its suffixes, that its limits make sense and its account opens. It writes Registrar.status; of usage, in which the duty domain reserves, only that a day
// begins anew.
package registrar
