import { ref } from 'vue'

const now = ref(Date.now())
setInterval(() => (now.value = Date.now()), 30_000)

/** The time, for words such as "5 minutes ago"; all of them share one clock. */
export const useNow = () => now
