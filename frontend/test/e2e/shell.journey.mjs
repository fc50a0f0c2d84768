// The shell: log-in, log-out, guards, languages, the palette.
import assert from 'node:assert/strict'
import { accessible, login, loginByHand, open, shoot, shootRoute } from './browser.mjs'
import { Caller } from './product.mjs'

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
  async 'an account elsewhere is linked, logs in, and is let go again'({ browser, url, provider }) {
    provider.person = { sub: 'u-2001', preferred_username: 'chenjing', name: '陈静' } // the name here follows that there
    const who = new Caller(url, 'chenjing')
    const linked = async () => (await who.get('/me/identities')).items.map((i) => i.subject)
    const tab = await open(browser, url)
    const { page } = tab
    await page.goto('/login')
    await page.getByRole('link', { name: /公司账号/ }).click()
    await page.getByRole('alert').waitFor()
    assert.match(await page.getByRole('alert').innerText(), /没有账号/)
    await accessible(page, 'login-no-account')

    await login(page, 'chenjing', '/me?section=accounts')
    await page.getByText('尚未关联').waitFor()
    await page.getByRole('button', { name: '去关联' }).click()
    await page.getByText('u-2001').waitFor()
    assert.equal(page.url(), url + '/me?section=accounts')
    assert.deepEqual(await linked(), ['u-2001'])
    await shoot(page, 'me-accounts')
    await accessible(page, 'me-accounts')

    await page.locator('.me').first().click()
    await page.getByText('退出登录').click()
    await page.getByRole('link', { name: /公司账号/ }).click()
    await page.locator('.shell').waitFor()
    assert.equal(new URL(page.url()).pathname, '/home')
    await page.getByText('陈静').first().waitFor()

    await page.goto('/me?section=accounts')
    await page.getByRole('button', { name: '解除关联' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '解除关联' }).click()
    await page.getByText('尚未关联').waitFor()
    assert.deepEqual(await linked(), [])
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
