import { forgetCode, readTyped, takeCode } from './code.js'
import { $, check, complain, onSubmit, say, showButton, unexpected } from './form.js'
import { Keyring } from './keyring.js'
import { SHORTEST, lengthOf, makePassword } from './password.js'
import { Unreachable, ask, signIn } from './site.js'
import { words } from './words.js'

const page = $('welcome')
const needsCode = 'needsCode' in page.dataset
const PASSWORDS = ['password', 'again']

/** @type {string[]} what the code may be that came in the address; a field would not keep it as it is */
let arrived = []

function fillInCode() {
  const codes = takeCode()
  if (!needsCode || codes.length === 0) return
  arrived = codes
  $('code').value = codes[0]
  $('code-field').hidden = true
}

fillInCode()
addEventListener('hashchange', fillInCode)

const show = showButton(...PASSWORDS)
$('make').addEventListener('click', () => {
  const made = makePassword()
  for (const id of PASSWORDS) {
    $(id).value = made
    complain(id)
  }
  show(true)
  $('made').textContent = words.made
  $('password').focus()
  $('password').select()
})

const keyring = new Keyring(page.dataset.worker)
/** @type {import('./keys.js').OwnerKeys|undefined} Keys that were sent, with an answer that never came. */
let sent

onSubmit(async () => {
  if (!sent && !(await prepare())) return
  if (!(await claim())) return
  forgetCode()
  for (const id of PASSWORDS) $(id).value = ''
  say(words.claimed)
  const signedIn = await signIn(keyring).catch(() => undefined)
  keyring.forget()
  location.replace(signedIn?.status === 204 ? '/' : '/sign-in')
})

/** Makes the keys, once the fields are right. */
async function prepare() {
  const [password, again] = PASSWORDS.map((id) => $(id).value)
  const length = lengthOf(password)
  const right = check({
    ...(needsCode && { code: codes().length > 0 ? '' : words.codeMissing }),
    password: length < SHORTEST ? words.shorter(SHORTEST, length) : '',
    again: length >= SHORTEST && password !== again ? words.differs : ''
  })
  if (!right) return false
  show(false)
  say(words.making)
  sent = await keyring.make(password)
  return true
}

/** What the sign-up code may be. */
const codes = () => (arrived.length > 0 ? arrived : readTyped($('code').value))

/** Sends the keys, with each code that it may be until one is right. */
async function send() {
  const attempts = needsCode ? codes() : []
  if (attempts.length === 0) attempts.push(undefined) // the site says whether it needs one
  let answer
  for (const secretSignUpCode of attempts) {
    answer = await ask('POST', '/owner', { ...sent, secretSignUpCode })
    if (!isWrongCode(answer)) break
  }
  return answer
}

/** @param {import('./site.js').Answer} answer */
const isWrongCode = ({ problem }) => problem === 'wrong-sign-up-code' || problem === 'too-many-wrong-codes'

/** Sends the keys; says whether the site is ours now. */
async function claim() {
  say(words.claiming)
  lock(true)
  let answer
  try {
    answer = await send()
  } catch (error) {
    // It may have arrived: the next attempt sends the same keys, and looks whose they are.
    if (error instanceof Unreachable) return say(words.unreachable, 'bad'), false
    throw error
  }
  if (answer.status === 201 || (answer.problem === 'already-owned' && (await isOurs()))) return true
  // What the site could not keep, it may find all the same when it starts again: then the keys must be these.
  if (answer.problem === 'storage') return say(unexpected(answer), 'bad'), false
  lock(false)
  sent = undefined
  if (answer.problem === 'already-owned') {
    forgetCode()
    say(words.othersOwn, 'bad')
    $('to-sign-in').hidden = false
  } else if (isWrongCode(answer)) {
    forgetCode()
    arrived = []
    $('code-field').hidden = false
    say('')
    check({ code: words.codeWrong })
  } else {
    say(unexpected(answer), 'bad')
  }
  return false
}

async function isOurs() {
  const answer = await ask('GET', '/owner/public-signing-key')
  if (answer.status !== 200) throw new Unreachable('the owner')
  return answer.body.publicSigningKey === sent.publicSigningKey
}

/** While it is not known whether the keys have arrived, they are those of this password. */
function lock(locked) {
  for (const id of PASSWORDS) $(id).readOnly = locked
  $('make').disabled = locked
}
