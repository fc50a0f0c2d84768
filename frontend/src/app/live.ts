import { onScopeDispose, ref, watch } from 'vue'
import { accessToken } from '@/api/token'
import { invalidate, queries } from './queries'

/** How news come: by the stream, by asking again and again, or not at all. */
export type Liveness = 'stream' | 'polling' | 'offline'

interface Happened {
  event: string
  data: Record<string, string>
}

const state = ref<Liveness>('polling')
const channel = new BroadcastChannel('diom-live')
const poll = 20_000

export const useLiveness = () => state

/** Splits what a stream sends into events (HTML §9.2.6). */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string; event: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const parts = (rest + value).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const found = { id: '', event: '', data: '' }
      for (const line of part.split('\n')) {
        const at = line.indexOf(': ')
        const name = line.slice(0, at)
        if (name === 'id' || name === 'event' || name === 'data') found[name] += line.slice(at + 2)
      }
      if (found.event) yield found
    }
  }
}

/** Reads the stream until it ends; returns after how many milliseconds to come back. */
async function read(last: { id: string }, signal: AbortSignal): Promise<number> {
  const headers: Record<string, string> = { Authorization: `Bearer ${accessToken()}`, Accept: 'text/event-stream' }
  if (last.id) headers['Last-Event-ID'] = last.id
  const response = await fetch('/api/v1/events/stream', { headers, signal })
  if (!response.ok || !response.body) {
    tell('polling')
    const wait = Number(response.headers.get('Retry-After'))
    return response.status === 501 ? 10 * 60_000 : Math.max(wait * 1000, response.status === 401 ? 3000 : 15_000)
  }
  for await (const e of events(response.body)) {
    if (e.id) last.id = e.id
    if (e.event === 'stream.ready') tell('stream')
    else if (e.event !== 'stream.closed') {
      const h = { event: e.event, data: JSON.parse(e.data) as Record<string, string> }
      channel.postMessage(h)
      invalidate(h.event)
    }
  }
  return 2000
}

function tell(liveness: Liveness) {
  state.value = liveness
  channel.postMessage({ liveness })
}

async function lead(signal: AbortSignal) {
  const last = { id: '' }
  while (!signal.aborted) {
    const wait = await read(last, signal).catch(() => {
      if (!signal.aborted) tell(navigator.onLine ? 'polling' : 'offline')
      return 5000
    })
    if (!signal.aborted) await new Promise((done) => setTimeout(done, wait))
  }
}

/**
 * Follows what happens while somebody has logged in. One tab of a browser holds the stream and tells the others: a
 * browser opens six connections to a server, and a stream would take one in each tab.
 */
export function useLive(user: () => string | undefined) {
  let abort = new AbortController()
  watch(
    user,
    (name) => {
      abort.abort()
      abort = new AbortController()
      if (!name) return
      const { signal } = abort
      if (navigator.locks) void navigator.locks.request('diom-live-' + name, { signal }, () => lead(signal)).catch(() => {})
      else void lead(signal)
    },
    { immediate: true },
  )
  channel.onmessage = (message: MessageEvent<Happened | { liveness: Liveness }>) => {
    if ('liveness' in message.data) state.value = message.data.liveness
    else invalidate(message.data.event)
  }
  const timer = setInterval(() => {
    if (state.value === 'polling' && user() && document.visibilityState === 'visible') void queries.invalidateQueries({ queryKey: ['unread'] })
  }, poll)
  window.addEventListener('offline', () => (state.value = 'offline'))
  window.addEventListener('online', () => (state.value = 'polling'))
  onScopeDispose(() => {
    abort.abort()
    clearInterval(timer)
  })
}
