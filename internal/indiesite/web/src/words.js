// What scripts say by themselves, in the page's language. The pages' own words are the server's.

const english = {
  show: 'Show password',
  hide: 'Hide password',
  shorter: (shortest, length) => `This password has ${length} ${length === 1 ? 'character' : 'characters'}; it needs at least ${shortest}.`,
  empty: 'Type your password.',
  differs: 'The two passwords are not the same.',
  codeMissing: 'Type the sign-up code.',
  codeWrong: 'This is not the sign-up code for this site. Look again where you were shown it.',
  passwordWrong: 'This is not the password for this site.',
  made: 'Here is one. Write it down or let your browser save it before you go on.',
  making: 'Turning your password into a key. This takes a few seconds…',
  opening: 'Opening your key. This takes a few seconds…',
  claiming: 'Making the site yours…',
  signingIn: 'Signing in…',
  claimed: 'This site is yours. One moment…',
  othersOwn: 'Somebody has already made this site theirs. If that was you, sign in.',
  unreachable: 'The site cannot be reached. Check your connection and try again; nothing is lost.',
  busy: 'The site is busy just now. Try again in a moment.',
  failed: 'That did not work. Try again; if it keeps happening, ask whoever runs the site.',
  wrongHost:
    'Your password is right, but the site sees a different address from the one in your browser. Whoever runs the site should check that the proxy in front of it passes on the Host header unchanged.',
  noCrypto: 'This browser cannot do the cryptography that this needs. Try a newer one.',
  noCookies: 'This browser does not accept cookies from this site, so you could not stay signed in. Allow them here and try again.',
  saving: 'Saving…',
  saved: 'Saved. Everybody can see it now.',
  unsaved: 'Not saved yet.',
  signedOut: 'You are no longer signed in. Sign in again to save; your text will still be here.',
  signedOutWithPicture: 'You are no longer signed in. Sign in again to save; your text will still be here, but you will have to choose the picture again.',
  restored: 'Your changes are back. They are not saved yet.',
  notPicture: 'This file cannot be read as a picture. Choose a JPEG, PNG or WebP file.',
  pictureRefused: 'The site did not accept this picture. Choose another one.',
  field: {
    name: 'One line of at most 80 characters.',
    bio: 'At most 2000 characters.',
    controls: 'There are invisible control characters in this text. Delete them, or type that part again.'
  }
}

/** @type {typeof english} */
const dutch = {
  show: 'Wachtwoord tonen',
  hide: 'Wachtwoord verbergen',
  shorter: (shortest, length) => `Dit wachtwoord telt ${length} ${length === 1 ? 'teken' : 'tekens'}; het moeten er minstens ${shortest} zijn.`,
  empty: 'Typ je wachtwoord.',
  differs: 'De twee wachtwoorden zijn niet gelijk.',
  codeMissing: 'Typ de aanmeldcode.',
  codeWrong: 'Dit is niet de aanmeldcode van deze site. Kijk nog eens waar je hem te zien kreeg.',
  passwordWrong: 'Dit is niet het wachtwoord van deze site.',
  made: 'Hier is er een. Schrijf het op of laat je browser het bewaren voor je verdergaat.',
  making: 'Van je wachtwoord wordt een sleutel gemaakt. Dat duurt enkele seconden…',
  opening: 'Je sleutel wordt geopend. Dat duurt enkele seconden…',
  claiming: 'De site wordt van jou…',
  signingIn: 'Aanmelden…',
  claimed: 'Deze site is van jou. Een ogenblik…',
  othersOwn: 'Iemand heeft deze site al in gebruik genomen. Was jij dat? Meld je dan aan.',
  unreachable: 'De site is niet bereikbaar. Kijk je verbinding na en probeer het opnieuw; er gaat niets verloren.',
  busy: 'De site heeft het even druk. Probeer het zo dadelijk opnieuw.',
  failed: 'Dat is niet gelukt. Probeer het opnieuw; lukt het dan nog niet, vraag dan raad aan wie de site beheert.',
  wrongHost:
    'Je wachtwoord klopt, maar de site ziet een ander adres dan je browser. Wie de site beheert, moet nakijken of de proxy ervoor de Host-header ongewijzigd doorgeeft.',
  noCrypto: 'Deze browser kan de nodige cryptografie niet aan. Probeer een nieuwere.',
  noCookies: 'Deze browser aanvaardt geen cookies van deze site, en dan kun je niet aangemeld blijven. Sta ze hier toe en probeer het opnieuw.',
  saving: 'Bewaren…',
  saved: 'Bewaard. Iedereen kan het nu zien.',
  unsaved: 'Nog niet bewaard.',
  signedOut: 'Je bent niet meer aangemeld. Meld je opnieuw aan om te bewaren; je tekst blijft hier staan.',
  signedOutWithPicture: 'Je bent niet meer aangemeld. Meld je opnieuw aan om te bewaren; je tekst blijft hier staan, maar de foto moet je opnieuw kiezen.',
  restored: 'Je wijzigingen staan er weer. Ze zijn nog niet bewaard.',
  notPicture: 'Dit bestand is niet als foto te lezen. Kies een JPEG-, PNG- of WebP-bestand.',
  pictureRefused: 'De site aanvaardt deze foto niet. Kies een andere.',
  field: {
    name: 'Eén regel van hoogstens 80 tekens.',
    bio: 'Hoogstens 2000 tekens.',
    controls: 'In deze tekst staan onzichtbare stuurtekens. Haal ze weg of typ dat stuk opnieuw.'
  }
}

export const languages = { en: english, nl: dutch }

/** @type {typeof english} */
export const words = globalThis.document?.documentElement.lang === 'nl' ? dutch : english
