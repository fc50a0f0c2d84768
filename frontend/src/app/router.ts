import { createRouter, createWebHistory } from 'vue-router'
import { areaRoutes } from './areas'
import { i18n, loadArea } from './i18n'
import { useSession } from './session'

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', redirect: '/home' },
    { path: '/login', component: () => import('./LoginPage.vue'), meta: { open: true, title: 'app.login.title' } },
    { path: '/password', component: () => import('./PasswordPage.vue'), meta: { title: 'app.password.title' } },
    { path: '/forbidden', component: () => import('./ForbiddenPage.vue'), meta: { title: 'app.forbidden.title' } },
    ...areaRoutes,
    { path: '/:rest(.*)*', component: () => import('./MissingPage.vue'), meta: { title: 'app.missing.title' } },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (to.meta.area) await loadArea(to.meta.area)
  if (to.meta.open) return true
  if (!session.user) return { path: '/login', query: to.fullPath === '/home' ? {} : { next: to.fullPath } }
  if (session.user.mustChangePassword) return to.path === '/password' || { path: '/password', query: { next: to.fullPath } }
  if (!session.may(to.meta.permission)) return { path: '/forbidden', query: { permission: to.meta.permission, from: to.fullPath }, replace: true }
  return true
})

router.afterEach((to) => {
  const title = to.meta.title ? i18n.global.t(to.meta.title) : ''
  document.title = title ? `${title} · DIOM Workflow` : 'DIOM Workflow'
})

// After an update the files of the old pages are gone: a reload gets the new ones. Where it does not help it is not repeated.
const reloaded = 'diom.reloaded'
router.onError((thrown, to) => {
  if (!/dynamically imported module|module script failed/i.test(String(thrown)) || sessionStorage.getItem(reloaded) === to.fullPath) return
  sessionStorage.setItem(reloaded, to.fullPath)
  location.assign(to.fullPath)
})
router.afterEach((_to, _from, failure) => failure || sessionStorage.removeItem(reloaded))
