import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { invalidate, queries } from '@/app/queries'

describe('news', () => {
  const read = vi.spyOn(queries, 'invalidateQueries').mockResolvedValue()
  beforeEach(() => {
    vi.useFakeTimers()
    read.mockClear()
  })
  afterEach(() => {
    vi.runAllTimers()
    vi.useRealTimers()
  })
  const kinds = () => read.mock.calls.map(([filter]) => (filter as { queryKey?: string[] } | undefined)?.queryKey?.[0] ?? '*')

  test('what comes first is read at once', () => {
    invalidate('notification.created')
    expect(kinds()).toEqual(['notifications', 'unread', 'home'])
  })

  test('a thousand at one moment are read twice', () => {
    for (let n = 0; n < 1000; n++) invalidate('task.created')
    expect(kinds().filter((k) => k === 'home')).toHaveLength(1)
    vi.advanceTimersByTime(1000)
    expect(kinds().filter((k) => k === 'home')).toHaveLength(2)
    vi.advanceTimersByTime(5000)
    expect(kinds().filter((k) => k === 'home')).toHaveLength(2)
  })

  test('what comes while it is calm again is read at once', () => {
    invalidate('batch.progress')
    vi.advanceTimersByTime(1000)
    invalidate('batch.progress')
    expect(kinds().filter((k) => k === 'batch')).toHaveLength(2)
  })

  test('after a gap in the stream everything is read, and what nobody knows is passed over', () => {
    invalidate('nobody.knows')
    expect(read).not.toHaveBeenCalled()
    invalidate('stream.reset')
    expect(kinds()).toEqual(['*'])
  })
})
