import type { Schemas } from '@/api/client'

export type Run = Schemas['Run']

/** Whether a run has not ended yet. */
export const going = (run: Run | null | undefined) => run?.state === 'waiting' || run?.state === 'running'

export const toneOf = (run: Run) => (({ done: 'good', stopped: 'warn', failed: 'bad' }) as const)[run.state as 'done'] ?? 'accent'

/** What a run did or would do, in the order of its weight: what needs a person comes first. */
export const actions = ['conflict', 'disable', 'create', 'link', 'enable', 'update', 'gone']
