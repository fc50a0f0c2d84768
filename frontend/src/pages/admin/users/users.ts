import { api, data, tagged, type Schemas } from '@/api/client'
import type { Form } from '@/ui/resource/fields'

export type User = Schemas['User']

export const blankUser = (): Form => ({ username: '', displayName: '', password: '', email: '', departmentId: '', title: '', roles: ['EMPLOYEE'], groups: [], enabled: true, mustChangePassword: true })

const path = (id: string) => ({ params: { path: { id } } })

/** Reads a user for his form, which never has his password. */
export async function readUser(id: string) {
  const { data: user, etag } = await tagged(api.GET('/api/v1/users/{id}', path(id)))
  const { username, displayName, email, departmentId, title, roles, groups, enabled, mustChangePassword } = user
  return { data: { username, displayName, email, departmentId, title, roles, groups, enabled, mustChangePassword } as Form, etag }
}

export const createUser = (form: Form) => data(api.POST('/api/v1/users', { body: form as Schemas['NewUser'] }))

/** Changes what is named; what is absent stays. */
export function changeUser(id: string, change: Schemas['UserChange'], etag?: string) {
  return data(api.PUT('/api/v1/users/{id}', { params: { path: { id }, header: etag ? { 'If-Match': etag } : {} }, body: change }))
}

/** What a form of an existing user sends: not his name, and not how he logs in. */
export function changeOf(form: Form): Schemas['UserChange'] {
  const { displayName, email, departmentId, title, roles, groups, enabled, mustChangePassword } = form as Schemas['User']
  return { displayName, email, departmentId, title, roles, groups, enabled, mustChangePassword }
}

/** A password that nobody would guess and anybody can read out: no 0 and O, no 1 and l. */
export function freshPassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  const random = crypto.getRandomValues(new Uint32Array(14))
  return [...random].map((n) => letters[n % letters.length]).join('').replace(/^(.{4})(.{5})/, '$1-$2-')
}
