// Package serve is Hallobot: a web page on which people claim a site in a
// conversation, as on Hallo.gent. It is for demos and for whoever builds an
// onboarder of their own.
//
// A Conversation is a pure state machine; the Office keeps all of them in
// files, does their work (order, introduce) and takes the factory's callbacks;
// the handler of NewHandler shows them to browsers. Everything that a
// conversation has decided is in its file before anything is done about it, so
// that it goes on after a crash where it was.
package serve
