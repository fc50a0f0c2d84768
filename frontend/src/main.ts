import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/es/components/message/style/css'
import 'element-plus/es/components/message-box/style/css'
import 'element-plus/es/components/notification/style/css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './app/theme.css'
import App from './app/App.vue'
import { i18n, speakLanguage } from './app/i18n'
import { usePreferences } from './app/preferences'
import { queries } from './app/queries'
import { router } from './app/router'
import { useSession } from './app/session'

const app = createApp(App)
app.use(createPinia()).use(i18n).use(VueQueryPlugin, { queryClient: queries })
app.config.globalProperties.$t = i18n.global.t

// Texts and the log-in come before the first page: neither may be seen to change.
await Promise.all([speakLanguage(usePreferences().language), useSession().restore()])
app.use(router)
await router.isReady()
app.mount('#app')
