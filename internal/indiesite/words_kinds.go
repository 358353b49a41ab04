package indiesite

// pageWords are those of the public page, before and after there is an owner.
type pageWords struct {
	WaitingTitle string
	WaitingText  string
	WaitingLooks string // shown by the script that looks again
	NoCodeText   string
	PictureOf    string // before a name
	Owned        string
	SignIn       string
	Settings     string
}

// passwordWords are those of every page that asks for a password.
type passwordWords struct {
	Label      string
	Show       string
	NeedScript string
	NoBundle   string
	Home       string // before the domain
}

type welcomeWords struct {
	Title      string
	TitleNamed string // before a name
	Text       string // after the domain
	Code       string
	CodeHint   string
	Hint       string
	Make       string
	Again      string
	KeepTitle  string
	Keep       string
	Submit     string
	Passerby   string
}

type signInWords struct {
	Title    string // before the domain
	Text     string
	Submit   string
	NotOwned string
	Claim    string
}

type settingsWords struct {
	Title          string
	Text           string
	SignOut        string
	View           string
	Picture        string
	PictureHint    string
	ChoosePicture  string
	RemovePicture  string
	Name           string
	NameHint       string
	Bio            string
	BioHint        string
	Colours        string
	Colour         string
	OwnBackground  string
	Background     string
	Language       string
	LanguageHint   string
	VisitorsChoice string
	Save           string
	Preview        string
}
