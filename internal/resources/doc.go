// Package resources builds the children of an IndieSite: objects in, apply configurations out. It sees no client and no clock, so that
// what a site is made of can be read, and compared with golden files, without a cluster.
//
// Every child has the name that internal/names.Child gives (the volume claim and the TLS Secret with a suffix), the label LabelSite with
// that name, the annotation AnnotationDomain with the domain, and the IndieSite as its controller. The volume claim has no owner, as it
// outlives the site.
package resources
