package serve

import "slices"

// Speaker is who says a line.
type Speaker string

// The two of them.
const (
	Bot    Speaker = "bot"
	Person Speaker = "person"
)

// Line is something that was said: not the words, which are in the page's
// language, but which words. It never has the code in it.
type Line struct {
	// ID grows from one line to the next.
	ID  int     `json:"id"`
	Who Speaker `json:"who"`
	// Says is a key of the page's words, below "say." or "answer.".
	Says string `json:"says"`
	// Domain and Name stand in the words where they have a place for them.
	Domain string `json:"domain,omitempty"`
	Name   string `json:"name,omitempty"`
}

// maxLines are remembered; of a conversation that goes round and round, the
// oldest lines but the first two are forgotten.
const maxLines = 200

func (c *Conversation) add(line Line) {
	c.Said++
	line.ID = c.Said
	lines := append(slices.Clone(c.Lines), line) // copies of a conversation share nothing
	if len(lines) > maxLines {
		lines = slices.Delete(lines, 2, 3)
	}
	c.Lines = lines
}

func (c *Conversation) say(key string)        { c.add(Line{Who: Bot, Says: key}) }
func (c *Conversation) sayName(key string)    { c.add(Line{Who: Bot, Says: key, Domain: c.Domain}) }
func (c *Conversation) answer(key string)     { c.add(Line{Who: Person, Says: key}) }
func (c *Conversation) answerName(key string) { c.add(Line{Who: Person, Says: key, Domain: c.Domain}) }
