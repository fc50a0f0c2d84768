import { DataAnalysis } from '@element-plus/icons-vue'
import type { Area } from '@/app/areas'
import { loadArea } from '@/app/i18n'

// Heat map and table of nodes are those of the operators, with their texts.
const permission = 'WORKFLOW_OPERATE'

export default {
  name: 'insight',
  order: 4,
  routes: [
    { path: '/insight', component: () => import('./InsightPage.vue'), meta: { title: 'insight.title', permission } },
    { path: '/insight/processes/:key', component: () => loadArea('ops').then(() => import('./ProcessPage.vue')), meta: { title: 'insight.title', permission } },
  ],
  navigation: [{ path: '/insight', title: 'insight.title', icon: DataAnalysis, permission }],
} satisfies Area
