// The access token lives here and nowhere else: no storage has it, and a reload asks for another one by the cookie.
import type { components } from './schema'

export type Login = components['schemas']['Login']

let token = ''
let expires = 0
let listener: (login: Login | null) => void = () => {}
let refreshing: Promise<boolean> | null = null

export const accessToken = () => token

/** Keeps the token of a log-in, or forgets it. */
export function keepToken(login: Login | null) {
  token = login?.accessToken ?? ''
  expires = login ? Date.now() + login.expiresIn * 1000 : 0
}

/** Milliseconds until the token expires. */
export const tokenLeft = () => expires - Date.now()

/** Tells of every refresh; null means that the log-in is over. */
export function onRefresh(tell: (login: Login | null) => void) {
  listener = tell
}

async function exchange(): Promise<boolean> {
  const response = await fetch('/auth/refresh', { method: 'POST', headers: { 'X-Requested-With': 'console' } }).catch(() => null)
  if (!response || response.status >= 500 || response.status === 429) return false // not known: the log-in may go on
  const login = response.ok ? ((await response.json()) as Login) : null
  keepToken(login)
  listener(login)
  return login !== null
}

/**
 * Gets another token by the cookie. Requests that fail together share one exchange, and tabs take turns: a refresh
 * token is good for one use.
 */
export function refreshToken(): Promise<boolean> {
  const turn = async (): Promise<boolean> => (navigator.locks ? await navigator.locks.request('diom-refresh', exchange) : exchange())
  refreshing ??= turn().finally(() => {
    refreshing = null
  })
  return refreshing
}
