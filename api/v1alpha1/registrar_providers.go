package v1alpha1

// CombellProvider buys names at Combell, over its API version 2 (https://api.combell.com/v2/documentation). Combell takes calls only from addresses that
// its control panel lists. It tells no prices and cannot say whether a name is free: that is asked of the registry.
type CombellProvider struct {
	// credentialsSecretRef names the Secret, in the same namespace, with the keys api-key and api-secret.
	// +required
	CredentialsSecretRef LocalReference `json:"credentialsSecretRef"`

	// price of a name for a year by the contract with Combell.
	// +required
	Price Price `json:"price"`

	// nameServers that names are registered with, as host names. Combell's own where none are named.
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// +listType=set
	// +optional
	NameServers []string `json:"nameServers,omitempty"`
}

// EPPProvider buys names at a registry, or at a registrar that speaks the Extensible Provisioning Protocol (RFC 5730 to 5734).
type EPPProvider struct {
	// server as host:port, such as epp.example:700.
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?:[1-9][0-9]{0,4}$`
	// +kubebuilder:validation:MaxLength=259
	// +required
	Server string `json:"server"`

	// credentialsSecretRef names the Secret, in the same namespace, with the keys username and password, and tls.crt and tls.key where the server asks for a
	// client certificate.
	// +required
	CredentialsSecretRef LocalReference `json:"credentialsSecretRef"`

	// clientID is the registrar's identifier as info shows it in clID, where it is another than the login.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ClientID string `json:"clientID,omitempty"`

	// caBundle holds the PEM certificates to trust; the system's where it is empty.
	// +kubebuilder:validation:MaxLength=65536
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`

	// contacts of every name, by the handles that the server gave them.
	// +optional
	Contacts EPPContacts `json:"contacts,omitempty,omitzero"`

	// price of a name for a year, where the server has no fee extension (RFC 8748) and so tells none.
	// +optional
	Price *Price `json:"price,omitempty"`

	// nameServers that names are registered with, as host names that the server knows already.
	// +kubebuilder:validation:MaxItems=13
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// +listType=set
	// +optional
	NameServers []string `json:"nameServers,omitempty"`
}

// EPPContacts are handles of contacts that were made at the server before (RFC 5733).
type EPPContacts struct {
	// registrant holds the names. Empty where the server has no contacts.
	// +kubebuilder:validation:MaxLength=16
	// +optional
	Registrant string `json:"registrant,omitempty"`
	// +kubebuilder:validation:MaxLength=16
	// +optional
	Admin string `json:"admin,omitempty"`
	// +kubebuilder:validation:MaxLength=16
	// +optional
	Tech string `json:"tech,omitempty"`
	// +kubebuilder:validation:MaxLength=16
	// +optional
	Billing string `json:"billing,omitempty"`
}

// DNSimpleProvider buys names at DNSimple, over its API version 2 (https://developer.dnsimple.com/v2/).
type DNSimpleProvider struct {
	// accountID is the number of the account.
	// +kubebuilder:validation:Minimum=1
	// +required
	AccountID int64 `json:"accountID"`

	// registrantID is the number of the contact in whose name names are registered.
	// +kubebuilder:validation:Minimum=1
	// +required
	RegistrantID int64 `json:"registrantID"`

	// credentialsSecretRef names the Secret, in the same namespace, with the key token, an account access token.
	// +required
	CredentialsSecretRef LocalReference `json:"credentialsSecretRef"`

	// sandbox uses DNSimple's sandbox, where nothing costs anything and no name is real.
	// +optional
	Sandbox bool `json:"sandbox,omitempty"`
}

// ExternalProvider is for names that are held elsewhere. Nothing is bought: a name is taken for ours once it leads here.
type ExternalProvider struct {
	// addresses that a name has to lead to: those of the route.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=39
	// +kubebuilder:validation:items:XValidation:rule="isIP(self)",message="must be an IP address"
	// +listType=set
	// +required
	Addresses []string `json:"addresses"`
}
