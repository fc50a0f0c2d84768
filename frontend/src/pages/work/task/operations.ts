import { api, data, type Schemas } from '@/api/client'

export type Operation = 'return' | 'transfer' | 'delegate' | 'resolve' | 'add-signers' | 'remove-signers' | 'copy' | 'urge' | 'withdraw'

interface Given {
  user: string
  users: string[]
  to: string
  mode: Schemas['AddMode']
  straightBack: boolean
  across: boolean
  comment: string
}

/** What each operation asks for, and how it is done. */
export interface Need {
  one?: boolean
  many?: boolean
  mode?: boolean
  run: (id: string, g: Given) => Promise<Schemas['TaskAnswer']>
}

const at = (id: string) => ({ params: { path: { id } } })
const said = (g: Given) => g.comment.trim() || undefined

export const operations: Record<Operation, Need> = {
  return: {
    run: (id, g) =>
      data(api.POST('/api/v1/tasks/{id}/return', { ...at(id), body: { to: g.to, straightBack: g.straightBack, across: g.across ? 'cancel' : undefined, comment: said(g) } })),
  },
  transfer: { one: true, run: (id, g) => data(api.POST('/api/v1/tasks/{id}/transfer', { ...at(id), body: { userId: g.user, comment: said(g) } })) },
  delegate: { one: true, run: (id, g) => data(api.POST('/api/v1/tasks/{id}/delegate', { ...at(id), body: { userId: g.user, comment: said(g) } })) },
  resolve: { run: (id, g) => data(api.POST('/api/v1/tasks/{id}/resolve', { ...at(id), body: { comment: said(g) } })) },
  'add-signers': { many: true, mode: true, run: (id, g) => data(api.POST('/api/v1/tasks/{id}/add-signers', { ...at(id), body: { userIds: g.users, mode: g.mode, comment: said(g) } })) },
  'remove-signers': { many: true, run: (id, g) => data(api.POST('/api/v1/tasks/{id}/remove-signers', { ...at(id), body: { userIds: g.users, comment: said(g) } })) },
  copy: { many: true, run: (id, g) => data(api.POST('/api/v1/tasks/{id}/copy', { ...at(id), body: { userIds: g.users, comment: said(g) } })) },
  urge: { run: (id, g) => data(api.POST('/api/v1/tasks/{id}/urge', { ...at(id), body: { comment: said(g) } })) },
  withdraw: { run: (id, g) => data(api.POST('/api/v1/tasks/{id}/withdraw', { ...at(id), body: { comment: said(g) } })) },
}

/** What is offered, the most frequent first. */
export const order: Operation[] = ['return', 'transfer', 'delegate', 'resolve', 'add-signers', 'remove-signers', 'copy', 'urge', 'withdraw']
