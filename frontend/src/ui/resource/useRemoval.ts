import { useI18n } from 'vue-i18n'
import { confirm } from '../confirm'
import { useChange } from '../useChange'

interface Removal<Row> {
  /** Names the object. */
  title: (row: Row) => string
  /** Says what becomes of it and of what hangs on it. */
  text: (row: Row) => string
  action?: string
  run: (row: Row) => Promise<unknown>
  touches: string[]
  done: (row: Row) => string
  then?: (row: Row) => void
}

/** Something that cannot simply be taken back: it asks, naming the object and the consequences, and then does it. */
export function useRemoval<Row>(removal: Removal<Row>) {
  const { t } = useI18n()
  const change = useChange<Row, unknown>({ run: removal.run, touches: removal.touches, done: (_output, row) => removal.done(row), then: (_output, row) => removal.then?.(row) })
  return async (row: Row) => {
    if (await confirm({ title: removal.title(row), text: removal.text(row), action: removal.action ?? t('ui.delete'), dangerous: true })) change.mutate(row)
  }
}
