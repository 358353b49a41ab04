package v1alpha1

// SiteDNS says who publishes the names' records. Exactly one member. Whoever publishes them: A and AAAA records at the name itself, of the addresses that the route has.
// +kubebuilder:validation:MaxProperties=1
// +kubebuilder:validation:MinProperties=1
type SiteDNS struct {
	// unmanaged: the names lead here by other means, such as a wildcard record, and the factory publishes nothing.
	// +optional
	Unmanaged *UnmanagedDNS `json:"unmanaged,omitempty"`

	// externalDNS: a DNSEndpoint for each name, which external-dns publishes (https://kubernetes-sigs.github.io/external-dns/).
	// +optional
	ExternalDNS *ExternalDNS `json:"externalDNS,omitempty"`

	// registrar: the name servers of the Registrar that the name was bought at, over its API. Only where its provider has some.
	// +optional
	Registrar *RegistrarDNS `json:"registrar,omitempty"`

	// rfc2136: dynamic updates (RFC 2136), signed with TSIG (RFC 8945), of a zone on a name server of one's own.
	// +optional
	RFC2136 *RFC2136DNS `json:"rfc2136,omitempty"`
}

// UnmanagedDNS has no fields.
type UnmanagedDNS struct{}

// ExternalDNS says what the DNSEndpoints look like.
type ExternalDNS struct {
	// ttlSeconds of the records.
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=86400
	// +optional
	TTLSeconds *int32 `json:"ttlSeconds,omitempty"`

	// labels of the DNSEndpoints, for an external-dns that has a label filter.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
}

// RegistrarDNS says what the records look like.
type RegistrarDNS struct {
	// ttlSeconds of the records.
	// +kubebuilder:default=3600
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=86400
	// +optional
	TTLSeconds *int32 `json:"ttlSeconds,omitempty"`
}

// RFC2136DNS says where updates go.
type RFC2136DNS struct {
	// server takes the updates, as host:port or [address]:port.
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=259
	// +required
	Server string `json:"server"`

	// zone that is updated, such as gent or sites.example; the name itself where it is empty, for servers with a zone for each name.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// +optional
	Zone string `json:"zone,omitempty"`

	// tsigSecretRef names the Secret, in the factory's namespace, with the keys name, algorithm (hmac-sha256 or hmac-sha512) and secret (in base64, as in the name
	// server's own configuration).
	// +required
	TSIGSecretRef LocalReference `json:"tsigSecretRef"`

	// ttlSeconds of the records.
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=86400
	// +optional
	TTLSeconds *int32 `json:"ttlSeconds,omitempty"`
}
