import { Connection, Promotion, Share } from '@element-plus/icons-vue'
import type { Area } from '@/app/areas'
import { page } from '@/ui/resource/page'

export default {
  name: 'dev',
  order: 6,
  routes: [
    { path: '/dev', redirect: '/dev/api' },
    // What the product serves to everybody is nobody's secret; the navigation shows it to those who connect systems.
    { path: '/dev/api', component: page(() => import('./api/ApiPage.vue')), meta: { title: 'dev.api.title' } },
    { path: '/dev/events', component: page(() => import('./events/EventsPage.vue')), meta: { title: 'dev.events.title' } },
    { path: '/dev/webhooks', component: page(() => import('./webhooks/WebhooksPage.vue')), meta: { title: 'dev.webhooks.title', permission: 'SYS_SETTING' } },
  ],
  navigation: [
    { path: '/dev/api', title: 'dev.api.title', icon: Connection, permission: 'WORKFLOW_MESSAGE' },
    { path: '/dev/events', title: 'dev.events.title', icon: Promotion, permission: 'WORKFLOW_MESSAGE' },
    { path: '/dev/webhooks', title: 'dev.webhooks.title', icon: Share, permission: 'SYS_SETTING' },
  ],
} satisfies Area
