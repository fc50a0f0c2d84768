import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { keepToken, onRefresh, refreshToken, type Login } from '@/api/token'
import { send } from '@/api/client'
import { queries } from './queries'

export type Profile = Login['user']

const channel = new BroadcastChannel('diom-session')

/** Who has logged in, and what he may do. */
export const useSession = defineStore('session', () => {
  const user = ref<Profile | null>(null)
  const over = ref(false) // it has ended without his doing
  const permissions = computed(() => new Set(user.value?.permissions))

  function open(login: Login | null) {
    const before = user.value?.username
    keepToken(login)
    user.value = login?.user ?? null
    if (before && before !== login?.user.username) queries.clear()
  }

  onRefresh((login) => {
    if (user.value && login && login.user.username !== user.value.username) {
      location.assign('/') // another tab has logged in as somebody else
      return
    }
    over.value = user.value !== null && login === null
    open(login)
  })

  channel.onmessage = (message) => {
    if (message.data === 'logout' && user.value) location.assign('/login')
  }

  /** Whether the caller has all of the permissions. */
  function may(...wanted: (string | undefined)[]): boolean {
    return user.value !== null && wanted.every((p) => !p || permissions.value.has(p) || user.value!.roles.includes('SUPER_ADMIN'))
  }

  async function post(path: string, method: string, body?: unknown): Promise<Login> {
    const request = new Request(new URL(path, location.origin), {
      method,
      headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'console' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const response = await send(request)
    return response.status === 204 ? (null as never) : ((await response.json()) as Login)
  }

  async function login(username: string, password: string) {
    keepToken(null)
    const opened = await post('/auth/login', 'POST', { username, password })
    over.value = false
    open(opened)
  }

  async function changePassword(currentPassword: string, newPassword: string) {
    open(await post('/auth/password', 'PUT', { currentPassword, newPassword }))
  }

  async function logout() {
    await post('/auth/logout', 'POST').catch(() => null)
    channel.postMessage('logout')
    location.assign('/login') // a new page knows nothing of who was here
  }

  return { user, over, may, login, logout, changePassword, restore: refreshToken }
})
