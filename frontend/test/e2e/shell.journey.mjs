// The shell: log-in, log-out, guards, languages, the palette.
import assert from 'node:assert/strict'
import { accessible, login, loginByHand, open, shootRoute } from './browser.mjs'

export const journeys = {
  async 'a wrong password is refused in words, the right one opens the start page'({ browser, url }) {
    const tab = await open(browser, url)
    tab.forgive(/401 .*\/auth\/login/)
    await tab.page.goto('/')
    await tab.page.locator('#username').fill('zhangwei')
    await tab.page.locator('#password').fill('wrong')
    await tab.page.locator('button[type=submit]').click()
    await tab.page.locator('.problem').waitFor()
    assert.match(await tab.page.locator('.problem').innerText(), /用户名或密码/)
    await accessible(tab.page, 'login-wrong')
    await loginByHand(tab.page, 'zhangwei', '/')
    assert.equal(new URL(tab.page.url()).pathname, '/home')
    await tab.page.reload()
    await tab.page.locator('.shell').waitFor()
    assert.equal(new URL(tab.page.url()).pathname, '/home')
    await tab.page.locator('.me').click()
    await tab.page.getByText('退出登录').click()
    await tab.page.locator('#username').waitFor()
    await tab.close()
  },
  async 'the demo logs in with one click'({ browser, url }) {
    const tab = await open(browser, url)
    await tab.page.goto('/home')
    await tab.page.getByTitle('以张伟登录').click()
    await tab.page.locator('.shell').waitFor()
    await accessible(tab.page, 'home')
    await tab.close()
  },
  async 'Ctrl+K finds a page, an unknown address is told, the language changes'({ browser, url }) {
    const tab = await open(browser, url)
    await login(tab.page, 'zhangwei')
    await tab.page.keyboard.press('Control+k')
    await tab.page.getByRole('combobox').fill('首页')
    await tab.page.getByRole('option').first().waitFor()
    await accessible(tab.page, 'palette')
    await tab.page.keyboard.press('Enter')
    await tab.page.goto('/no/such/page')
    await tab.page.getByText('404').waitFor()
    await tab.page.getByRole('button', { name: 'Switch to English' }).click()
    await tab.page.getByText('Page not found').waitFor()
    await tab.close()
  },
  async 'screenshots'({ browser, url }) {
    await shootRoute(browser, url, null, '/login', 'login', { ready: '.demo' })
    await shootRoute(browser, url, 'zhangwei', '/home', 'home')
  },
}
