import { forgetCode, takeCode } from './code.js'
import { $, check, complain, onSubmit, say, showButton, unexpected } from './form.js'
import { Keyring } from './keyring.js'
import { SHORTEST, lengthOf, makePassword } from './password.js'
import { Unreachable, ask, signIn } from './site.js'
import { words } from './words.js'

const page = $('welcome')
const needsCode = 'needsCode' in page.dataset
const PASSWORDS = ['password', 'again']

function fillInCode() {
  const code = takeCode()
  if (!needsCode || !code) return
  $('code').value = code
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
    ...(needsCode && { code: $('code').value.trim() ? '' : words.codeMissing }),
    password: length < SHORTEST ? words.shorter(SHORTEST, length) : '',
    again: length >= SHORTEST && password !== again ? words.differs : ''
  })
  if (!right) return false
  show(false)
  say(words.making)
  sent = await keyring.make(password)
  return true
}

/** Sends the keys; says whether the site is ours now. */
async function claim() {
  say(words.claiming)
  lock(true)
  const code = needsCode && { secretSignUpCode: $('code').value.trim() }
  let answer
  try {
    answer = await ask('POST', '/owner', { ...sent, ...code })
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
  } else if (answer.problem === 'wrong-sign-up-code' || answer.problem === 'too-many-wrong-codes') {
    forgetCode()
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
