// A stand-in for an OpenID provider: authorization code flow with PKCE, ID tokens by ES256. Who comes is signed in at once.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'

const client = 'diom'
const text = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Starts it. `person` is who signs in, and can be changed while it runs. */
export async function openidProvider() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const asked = new Map() // what an authorization code was asked with
  const provider = { person: { sub: 'u-2001', preferred_username: 'zhaoxin', name: '赵欣' } }
  let url = ''

  const tokenOf = (nonce) => {
    const now = Math.floor(Date.now() / 1000)
    const parts = [{ alg: 'ES256', kid: '1', typ: 'JWT' }, { ...provider.person, iss: url, aud: client, nonce, iat: now, exp: now + 60 }].map(text).join('.')
    return `${parts}.${sign('sha256', Buffer.from(parts), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const answers = {
    '/.well-known/openid-configuration': () => ({
      issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token`, jwks_uri: `${url}/keys`,
      response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'],
    }),
    '/keys': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'ES256', use: 'sig' }] }),
    '/token': (form) => {
      const was = asked.get(form.get('code'))
      asked.delete(form.get('code'))
      const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
      if (!was || was.get('code_challenge') !== challenge || was.get('redirect_uri') !== form.get('redirect_uri')) return null
      return { access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token: tokenOf(was.get('nonce')) }
    },
  }
  const server = createServer(async (request, response) => {
    const at = new URL(request.url, url)
    if (at.pathname === '/authorize') {
      const code = randomUUID()
      asked.set(code, at.searchParams)
      const back = new URL(at.searchParams.get('redirect_uri'))
      back.search = new URLSearchParams({ code, state: at.searchParams.get('state') })
      return response.writeHead(302, { Location: back.href }).end()
    }
    let body = ''
    for await (const chunk of request) body += chunk
    const answer = answers[at.pathname]?.(new URLSearchParams(body))
    response.writeHead(answer ? 200 : 400, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer ?? { error: 'invalid_grant' }))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${server.address().port}`
  return Object.assign(provider, {
    /** What the product's secret file diom-identity says of it. */
    identity: { oidc: [{ name: 'corp', label: '公司账号', issuer: url, clientId: client, clientSecret: 'secret' }] },
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(done)
      }),
  })
}
