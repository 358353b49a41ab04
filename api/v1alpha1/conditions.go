package v1alpha1

// Condition types. Every kind has Ready; the others belong to the kinds that their comment names.
// A condition with the status True is the good case, except for Stalled and NeedsAttention.
const (
	// ConditionReady sums a resource up. On an IndieSite it is True only while the site answers over HTTPS with a
	// certificate that verifies. On Onboarder, Registrar and SiteClass: this configuration works.
	ConditionReady = "Ready"

	// ConditionDomainRegistered (IndieSite): the domain name is ours.
	ConditionDomainRegistered = "DomainRegistered"
	// ConditionSiteAvailable (IndieSite): the pod runs and is ready.
	ConditionSiteAvailable = "SiteAvailable"
	// ConditionDNSPublished (IndieSite): the name's records are published, where the SiteClass asks for it.
	ConditionDNSPublished = "DNSPublished"
	// ConditionCertificateIssued (IndieSite): the certificate is there, where the SiteClass asks for one.
	ConditionCertificateIssued = "CertificateIssued"
	// ConditionReachable (IndieSite): https://<domain>/ answered at the route's addresses, with a certificate that verifies.
	ConditionReachable = "Reachable"
	// ConditionStalled (IndieSite): this attempt has failed for good. Terminal; absent otherwise (kstatus).
	ConditionStalled = "Stalled"
	// ConditionCallbackDelivered (IndieSite): the onboarder has answered 200 to the outcome.
	ConditionCallbackDelivered = "CallbackDelivered"

	// ConditionRegistered (Domain): the name is in our account at the registrar. Once True it is never taken back by a purchase;
	// False with a terminal reason (see DomainEndedUnbought) says that it will not be bought; Unknown while a call's result is not known.
	ConditionRegistered = "Registered"
	// ConditionRenewing (Domain): automatic renewal is as desired, and the registration has not run out.
	ConditionRenewing = "Renewing"
	// ConditionDelegated (Domain): the registrar has taken spec.nameServers; absent where there are none.
	ConditionDelegated = "Delegated"
	// ConditionNeedsAttention (Domain): only a person can decide whether the name was bought; see AnnotationDecision. False with Progressing while an order
	// that was carried out is given an hour to show in the account.
	ConditionNeedsAttention = "NeedsAttention"
)

// Reasons that several condition types share.
const (
	// ReasonSucceeded: what the condition asks for is there.
	ReasonSucceeded = "Succeeded"
	// ReasonProgressing: the work is under way.
	ReasonProgressing = "Progressing"
	// ReasonNotRequested: the SiteClass does not ask for it.
	ReasonNotRequested = "NotRequested"
	// ReasonSuspended: an admin has set suspend.
	ReasonSuspended = "Suspended"
	// ReasonDeleting: the resource is being deleted.
	ReasonDeleting = "Deleting"
)

// Reasons of IndieSite's conditions.
const (
	// ReasonInstallerSecretMissing (DomainRegistered, SiteAvailable; Stalled after ten minutes): the Secret that the front end makes after
	// the claim is not there, so nothing is bought.
	ReasonInstallerSecretMissing = "InstallerSecretMissing"
	// ReasonSiteClassMissing: there is no SiteClass of that name, or it has no revision yet.
	ReasonSiteClassMissing = "SiteClassMissing"
	// ReasonSuffixNotSold (DomainRegistered): no Registrar sells this suffix now.
	ReasonSuffixNotSold = "SuffixNotSold"
	// ReasonWaitingForDomain (DNSPublished, CertificateIssued, Reachable): these begin once the name is ours.
	ReasonWaitingForDomain = "WaitingForDomain"
	// ReasonWaitingForRoute (DNSPublished, Reachable): the route has no address yet.
	ReasonWaitingForRoute = "WaitingForRoute"
	// ReasonRouteHasHostName (DNSPublished): the route is known by a host name alone, to which no record at the name itself can lead.
	ReasonRouteHasHostName = "RouteHasHostName"
	// ReasonPublishingFailed (DNSPublished): the records could not be published; the message says why.
	ReasonPublishingFailed = "PublishingFailed"
	// ReasonAnswersDiffer (DNSPublished): the authoritative name servers do not answer as asked for, or not yet; the message says which answers what.
	ReasonAnswersDiffer = "AnswersDiffer"
	// ReasonPodFailing (SiteAvailable): the pod cannot start or keeps ending; the message says why.
	ReasonPodFailing = "PodFailing"
	// ReasonChildConflict (SiteAvailable): a child of that name belongs to something else and was left alone.
	ReasonChildConflict = "ChildConflict"
	// ReasonNotReachable (Reachable): the site did not answer, or not with a certificate that verifies.
	ReasonNotReachable = "NotReachable"
	// ReasonDomainTaken (Stalled): the name went to somebody else. The outcome is 409.
	ReasonDomainTaken = "DomainTaken"
	// ReasonRegistrationRefused (Stalled): the registrar refused the name for good. The outcome is 500.
	ReasonRegistrationRefused = "RegistrationRefused"
	// ReasonRegistrationDeadlineExceeded (Stalled): the name was not ours in time. The outcome is 500.
	ReasonRegistrationDeadlineExceeded = "RegistrationDeadlineExceeded"
	// ReasonSetupDeadlineExceeded (Stalled): the site was not reachable in time. The outcome is 500.
	ReasonSetupDeadlineExceeded = "SetupDeadlineExceeded"
	// ReasonAttemptEnded (every condition up to Ready): this attempt ended in an outcome other than 201, so the workload is gone.
	ReasonAttemptEnded = "AttemptEnded"

	// ReasonDelivered (CallbackDelivered): the onboarder answered 200.
	ReasonDelivered = "Delivered"
	// ReasonDelivering (CallbackDelivered): not answered 200 yet; status.delivery says when it is tried next.
	ReasonDelivering = "Delivering"
	// ReasonExhausted (CallbackDelivered): given up after the last try; AnnotationSendAgain sends it again.
	ReasonExhausted = "Exhausted"
	// ReasonCallbackRefused (CallbackDelivered): the callback is not one that the Onboarder allows now, so no token was sent there.
	ReasonCallbackRefused = "CallbackRefused"
	// ReasonOnboarderNotReady (CallbackDelivered): the Onboarder is missing or not Ready; delivery waits for it.
	ReasonOnboarderNotReady = "OnboarderNotReady"
	// ReasonAwaitingOutcome (CallbackDelivered): the attempt has not ended yet.
	ReasonAwaitingOutcome = "AwaitingOutcome"
)

// Reasons of Domain's conditions.
const (
	// ReasonRegistered (Registered=True): in our account.
	ReasonRegistered = "Registered"
	// ReasonRequested (Registered=Unknown): the call is being made, or was made and its result is to be looked up.
	ReasonRequested = "Requested"
	// ReasonPending (Registered=Unknown): the registrar has accepted the order and works on it.
	ReasonPending = "Pending"
	// ReasonWaiting (Registered=False): the purchase has not begun; the message says what it waits for.
	ReasonWaiting = "Waiting"
	// ReasonTaken (Registered=False): another holds the name. Terminal.
	ReasonTaken = "Taken"
	// ReasonRefused (Registered=False): the registrar refused the name for good, or it is a premium name or over the price cap. Terminal.
	ReasonRefused = "Refused"
	// ReasonSiteGone (Registered=False): the site was deleted or had failed before the name was bought. Terminal.
	ReasonSiteGone = "SiteGone"
	// ReasonLimitReached (Registered=False; also the reason of an Event about a renewal that waits): a limit of the Registrar for today is reached; the
	// message says which.
	ReasonLimitReached = "LimitReached"
	// ReasonRegistrarNotReady (Registered=False, or Unknown where the name was never looked up): the Registrar is missing, suspended or not Ready.
	ReasonRegistrarNotReady = "RegistrarNotReady"
	// ReasonLostByAccount (Registered=True stays; Renewing=False): the account no longer lists a name that it held. Never a reason to buy.
	ReasonLostByAccount = "LostByAccount"
	// ReasonUndecidable (NeedsAttention): looking up cannot tell whether the name was bought.
	ReasonUndecidable = "Undecidable"
	// ReasonDelegationFailed (Delegated=False): the registrar did not take the name servers, which is tried again; the manager's log says why.
	ReasonDelegationFailed = "DelegationFailed"
	// ReasonDelegationUnsupported (Delegated=False): the Registrar's provider cannot set name servers.
	ReasonDelegationUnsupported = "DelegationUnsupported"
	// ReasonAutoRenewOn and ReasonAutoRenewOff (Renewing): what the registrar says of automatic renewal.
	ReasonAutoRenewOn  = "AutoRenewOn"
	ReasonAutoRenewOff = "AutoRenewOff"
	// ReasonExpiresWithin60Days, ReasonExpiresWithin30Days and ReasonExpiresWithin14Days (Renewing): the registration runs out within so many days, and it is
	// not renewed as desired; the message says what is not. They take the place of the reason that it had before.
	ReasonExpiresWithin60Days = "ExpiresWithin60Days"
	ReasonExpiresWithin30Days = "ExpiresWithin30Days"
	ReasonExpiresWithin14Days = "ExpiresWithin14Days"
	// ReasonExpired (Renewing=False): the registration has run out, as far as the registrar says, and the account still lists it.
	ReasonExpired = "Expired"
)

// Reasons of Ready on Onboarder, Registrar and SiteClass.
const (
	// ReasonSecretMissing: the Secret, or its key, is not there.
	ReasonSecretMissing = "SecretMissing"
	// ReasonTokenInvalid: a token is empty, too short for this environment, or has characters that no header can carry.
	ReasonTokenInvalid = "TokenInvalid"
	// ReasonWebhookKeyInvalid: a webhook key is not whsec_ and the base64 of 24 to 64 bytes, or is made from a token.
	ReasonWebhookKeyInvalid = "WebhookKeyInvalid"
	// ReasonWebhookKeyShared: another Onboarder has the same webhook key, so each could forge the other's signatures.
	ReasonWebhookKeyShared = "WebhookKeyShared"
	// ReasonTokenShared: another Onboarder has the same token, so neither can be told from the other.
	ReasonTokenShared = "TokenShared"
	// ReasonPublishedToken: the published mock token, on a live factory or without allowPublishedToken.
	ReasonPublishedToken = "PublishedToken"
	// ReasonInvalid: the spec says something that cannot work; the message names the field.
	ReasonInvalid = "Invalid"
	// ReasonWrongEnvironment: a provider that this factory's environment does not take.
	ReasonWrongEnvironment = "WrongEnvironment"
	// ReasonSuffixShared: another Registrar sells the same suffix.
	ReasonSuffixShared = "SuffixShared"
	// ReasonCredentialsRefused: the provider does not take the credentials.
	ReasonCredentialsRefused = "CredentialsRefused"
	// ReasonProviderUnreachable: the provider did not answer.
	ReasonProviderUnreachable = "ProviderUnreachable"
)
