import { loadArea } from '@/app/i18n'

/** A page that is made of these parts: their texts come before it, and with no other page. */
export const page = (load: () => Promise<unknown>) => async () => {
  await loadArea('resource')
  return load()
}
