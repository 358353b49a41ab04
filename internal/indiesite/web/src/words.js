// What scripts say by themselves, in the page's language. The pages' own words are the server's.

const english = {
  show: 'Show password',
  hide: 'Hide password',
  shorter: (shortest, length) => `This password has ${length} of at least ${shortest} characters.`,
  empty: 'Type your password.',
  differs: 'These two are not the same.',
  codeMissing: 'Type the sign-up code.',
  codeWrong: 'This is not the sign-up code of this site. Look again where you were shown it.',
  passwordWrong: 'This is not the password of this site.',
  made: 'Here is one. Write it down or let your browser keep it, before you go on.',
  making: 'Turning your password into a key. This takes a few seconds…',
  opening: 'Opening your key. This takes a few seconds…',
  claiming: 'Making the site yours…',
  signingIn: 'Signing in…',
  claimed: 'This site is yours. One moment…',
  othersOwn: 'Somebody has made this site theirs already. If it was you, sign in.',
  unreachable: 'The site cannot be reached. Check your connection and try again; nothing is lost.',
  busy: 'The site is busy just now. Try again in a moment.',
  failed: 'That did not work. Try again; if it stays like this, ask whoever runs the site.',
  noCrypto: 'This browser cannot do the cryptography that is needed. Try a newer one.',
  noCookies: 'This browser takes no cookies of this site, so it could not stay signed in. Allow them here, and try again.',
  saving: 'Saving…',
  saved: 'Saved. Others see it now.',
  unsaved: 'Not saved yet.',
  signedOut: 'You are signed out. Sign in again to save.',
  notPicture: 'This file cannot be read as a picture. Choose a JPEG, PNG or WebP.',
  pictureRefused: 'The site did not take this picture. Choose another one.',
  field: { name: 'One line of at most 80 characters.', bio: 'At most 2000 characters.' }
}

/** @type {typeof english} */
const dutch = {
  show: 'Wachtwoord tonen',
  hide: 'Wachtwoord verbergen',
  shorter: (shortest, length) => `Dit wachtwoord heeft ${length} van de minstens ${shortest} tekens.`,
  empty: 'Typ je wachtwoord.',
  differs: 'Deze twee zijn niet gelijk.',
  codeMissing: 'Typ de aanmeldcode.',
  codeWrong: 'Dit is niet de aanmeldcode van deze site. Kijk nog eens waar je ze te zien kreeg.',
  passwordWrong: 'Dit is niet het wachtwoord van deze site.',
  made: 'Hier is er een. Schrijf het op of laat je browser het bewaren voor je verdergaat.',
  making: 'Van je wachtwoord wordt een sleutel gemaakt. Dat duurt enkele seconden…',
  opening: 'Je sleutel wordt geopend. Dat duurt enkele seconden…',
  claiming: 'De site wordt van jou…',
  signingIn: 'Aanmelden…',
  claimed: 'Deze site is van jou. Een ogenblik…',
  othersOwn: 'Iemand heeft deze site al tot de zijne gemaakt. Was jij dat, meld je dan aan.',
  unreachable: 'De site is niet bereikbaar. Kijk je verbinding na en probeer opnieuw; er is niets verloren.',
  busy: 'De site heeft het even druk. Probeer het zo dadelijk opnieuw.',
  failed: 'Dat is niet gelukt. Probeer opnieuw; blijft het zo, vraag het dan aan wie de site beheert.',
  noCrypto: 'Deze browser kan de nodige cryptografie niet aan. Probeer een nieuwere.',
  noCookies: 'Deze browser neemt geen cookies van deze site aan en kan dus niet aangemeld blijven. Sta ze hier toe en probeer opnieuw.',
  saving: 'Bewaren…',
  saved: 'Bewaard. Anderen zien het nu.',
  unsaved: 'Nog niet bewaard.',
  signedOut: 'Je bent afgemeld. Meld je opnieuw aan om te bewaren.',
  notPicture: 'Dit bestand is niet als foto te lezen. Kies een JPEG, PNG of WebP.',
  pictureRefused: 'De site nam deze foto niet aan. Kies een andere.',
  field: { name: 'Eén regel van hoogstens 80 tekens.', bio: 'Hoogstens 2000 tekens.' }
}

export const languages = { en: english, nl: dutch }

/** @type {typeof english} */
export const words = globalThis.document?.documentElement.lang === 'nl' ? dutch : english
