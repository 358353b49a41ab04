import { $, check, onSubmit, say, showButton, unexpected } from './form.js'
import { Keyring } from './keyring.js'
import { ask, signIn } from './site.js'
import { words } from './words.js'

if ($('form')) {
  const keyring = new Keyring($('sign-in').dataset.worker)
  const show = showButton('password')
  onSubmit(() => open(keyring, show))
}

/**
 * @param {Keyring} keyring
 * @param {(visible: boolean) => void} show
 */
async function open(keyring, show) {
  const password = $('password').value
  if (!check({ password: password ? '' : words.empty })) return
  if (!navigator.cookieEnabled) return say(words.noCookies, 'bad')
  show(false)
  say(words.opening)
  const keys = await ask('GET', '/owner/encrypted-private-signing-key')
  if (keys.status !== 200) return say(unexpected(keys), 'bad')
  try {
    if (!(await keyring.open(password, keys.body))) {
      say('')
      return void check({ password: words.passwordWrong })
    }
    say(words.signingIn)
    const answer = await signIn(keyring)
    if (answer.status !== 204) return say(unexpected(answer), 'bad')
  } finally {
    keyring.forget()
  }
  $('password').value = ''
  location.replace('/settings')
}
