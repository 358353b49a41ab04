package v1alpha1

// LocalReference names an object in the namespace of the object that refers to it.
type LocalReference struct {
	// name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
}

// Price is an amount of money.
type Price struct {
	// amount in units of the currency, with exactly two decimals, such as "12.50".
	// +kubebuilder:validation:Pattern=`^(0|[1-9][0-9]{0,8})\.[0-9]{2}$`
	// +required
	Amount string `json:"amount"`

	// currency is the ISO 4217 code, such as EUR.
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	// +required
	Currency string `json:"currency"`
}

// Dialect is the form in which an onboarder speaks to the factory and is called back.
// Bearer is the current one: the token in an Authorization header. QuerySecret is the older one: the token in the query or body.
// +kubebuilder:validation:Enum=Bearer;QuerySecret
type Dialect string

// The two dialects of the HTTP contract.
const (
	DialectBearer      Dialect = "Bearer"
	DialectQuerySecret Dialect = "QuerySecret"
)

// Environment is what a factory is for. Both binaries enforce it; it is a flag of theirs and not a field of any kind.
type Environment string

// The two environments. A factory has exactly one; two environments are two installations.
const (
	// EnvironmentLive buys real names: it refuses the test provider and the published token.
	EnvironmentLive Environment = "live"
	// EnvironmentTest takes no Registrar provider but test.
	EnvironmentTest Environment = "test"
)
