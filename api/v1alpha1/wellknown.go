package v1alpha1

// Finalizers, annotations and labels that the factory puts on resources or obeys.
const (
	// FinalizerCallback holds an IndieSite back while its onboarder is still to be told.
	FinalizerCallback = GroupName + "/callback"
	// FinalizerBooks holds a Domain back while it is, or may be, paid for.
	FinalizerBooks = GroupName + "/books"
	// FinalizerInUse holds a SiteClass back while IndieSites refer to it, as its snapshots go with it.
	FinalizerInUse = GroupName + "/in-use"
	// FinalizerDNS holds an IndieSite back while records that the factory published itself lead to it, an hour at most.
	FinalizerDNS = GroupName + "/dns"

	// AnnotationSendAgain on an IndieSite asks for the frozen outcome to be sent again. Any new value will do, a time by convention;
	// the value that was obeyed last stands in status.delivery.sendAgain.
	AnnotationSendAgain = GroupName + "/send-again"
	// AnnotationDecision on a Domain that NeedsAttention is an admin's word on what happened: one of the Decision values.
	AnnotationDecision = GroupName + "/decision"
	// AnnotationOrdered on a Domain is when an order for it first went out to a registrar that cannot tell of orders, as RFC 3339. It is kept where a Domain is restored
	// without its status, and then has a person asked before the name is ordered again.
	AnnotationOrdered = GroupName + "/ordered"
	// AnnotationDomain on every child of an IndieSite is the domain that the child was made for; a child with another one is never taken over.
	AnnotationDomain = GroupName + "/domain"
	// AnnotationRequestDigest on a PersistentVolumeClaim is the order that the volume belongs to.
	AnnotationRequestDigest = GroupName + "/request-digest"

	// AnnotationAttempt on a Domain is the order that it was made for, as <UID of the IndieSite>.<setupAttempt>. A Domain that ended unbought
	// for an earlier order says nothing about this one.
	AnnotationAttempt = GroupName + "/attempt"
	// AnnotationApplied on every child of an IndieSite is a hash of what the factory applied last, so that it notices when it wants something else.
	AnnotationApplied = GroupName + "/applied"
	// AnnotationDNSRecords on an IndieSite is what the factory published itself, and where, as JSON: it is written before the records are, so that they
	// can be withdrawn whatever happens in between.
	AnnotationDNSRecords = GroupName + "/dns-records"

	// LabelSite on every child of an IndieSite is the child's name (see internal/names.Child), which fits a label where a domain may not.
	LabelSite = GroupName + "/site"
	// LabelOrder on a site's pods is a short hash of the requestDigest that they serve. A site's Service selects by it too, so that a pod that is left
	// over from an earlier order of the name is never shown as this one's.
	LabelOrder = GroupName + "/order"
	// LabelSiteClass on a ControllerRevision is the SiteClass that it is a snapshot of.
	LabelSiteClass = GroupName + "/site-class"
	// LabelOnboarder on an IndieSite is the name of its Onboarder, to list and count by.
	LabelOnboarder = GroupName + "/onboarder"
)

// Values of AnnotationDecision.
const (
	// DecisionRegistered: the name is in our account; go on as after a successful purchase.
	DecisionRegistered = "Registered"
	// DecisionAbsent: the name was not bought; it may be bought again.
	DecisionAbsent = "Absent"
	// DecisionTaken: another holds the name.
	DecisionTaken = "Taken"
)

// Keys of the Secrets that the factory reads or makes.
const (
	// SecretKeyToken is the token that an onboarder shows, and gets back with the callback unless SecretKeyCallbackToken is there.
	SecretKeyToken = "token"
	// SecretKeyPreviousToken is taken as well, while an onboarder changes its token.
	SecretKeyPreviousToken = "previous-token"
	// SecretKeyCallbackToken is sent with callbacks in place of the token.
	SecretKeyCallbackToken = "callback-token"
	// SecretKeyWebhookKey signs callbacks where the Onboarder asks for it: whsec_ and the base64 of 24 to 64 random bytes. It is never made from a token.
	SecretKeyWebhookKey = "webhook-key"
	// SecretKeyPreviousWebhookKey signs as well, while an onboarder changes its webhook key.
	SecretKeyPreviousWebhookKey = "previous-webhook-key"
	// SecretKeyInstallerFile is the installer file of an Indie Site, in the Secret that the front end makes for it.
	SecretKeyInstallerFile = "installer-secret.json"
)

// PublishedToken is the mock secret of the contract's public documents. Everybody knows it.
const PublishedToken = "ethical-design"
