// A public client made of AppAuth for JavaScript. Arguments: the folder of packages, issuer, client ID, redirect URI.
// Prints the authorization URL, reads the callback URL from standard input, prints what became of it.
import { registerHooks } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

// The package is made for bundlers: its modules import each other without a file extension.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier.startsWith('.') && !specifier.endsWith('.js') ? `${specifier}.js` : specifier, context),
})
const [modules, issuer, clientId, redirectUri] = process.argv.slice(2)
const built = pathToFileURL(`${modules}/@openid/appauth/built/src/`)
const appauth = await import(new URL('index.js', built))
const { NodeCrypto } = await import(new URL('node_support/crypto_utils.js', built))

// AppAuth takes a 4xx as the end of a sign-in if its JSON has an OAuth error, and as a fault of the server otherwise.
class AppRequestor extends appauth.Requestor {
  async xhr({ url, method, headers, data }) {
    const response = await fetch(url, { method, headers, body: data })
    const body = await response.json().catch(() => ({}))
    if (response.ok || body.error !== undefined) return body
    throw new appauth.AppAuthError(String(response.status))
  }
}

const { origin, pathname } = new URL(issuer)
const path = pathname === '/' ? '' : pathname
const metadata = await (await fetch(`${origin}/.well-known/oauth-authorization-server${path}`)).json()
const configuration = new appauth.AuthorizationServiceConfiguration(metadata)
const request = new appauth.AuthorizationRequest(
  {
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'WRITE',
    response_type: appauth.AuthorizationRequest.RESPONSE_TYPE_CODE,
  },
  new NodeCrypto(),
)
await request.setupCodeVerifier()
const authorize = new URL(configuration.authorizationEndpoint)
authorize.search = new URLSearchParams({
  client_id: request.clientId,
  redirect_uri: request.redirectUri,
  response_type: request.responseType,
  scope: request.scope,
  state: request.state,
  ...request.extras,
})
console.log(JSON.stringify({ authorize: authorize.href }))

const lines = createInterface({ input: process.stdin })
const callback = new URL((await lines[Symbol.asyncIterator]().next()).value)
lines.close()
if (callback.searchParams.get('state') !== request.state) throw new Error('another state')

const handler = new appauth.BaseTokenRequestHandler(new AppRequestor())
const ask = (grantType, parameters) =>
  handler.performTokenRequest(
    configuration,
    new appauth.TokenRequest({
      client_id: clientId,
      redirect_uri: redirectUri,
      grant_type: grantType,
      ...parameters,
    }),
  )
const refresh = (token) => ask(appauth.GRANT_TYPE_REFRESH_TOKEN, { refresh_token: token })

const tokens = await ask(appauth.GRANT_TYPE_AUTHORIZATION_CODE, {
  code: callback.searchParams.get('code'),
  extras: { code_verifier: request.internal.code_verifier },
})
await refresh('made-up').catch(() => {}) // uses up the limit of failures
const limited = await refresh('made-up').catch((error) => error)
const refreshed = await refresh(tokens.refreshToken)

await handler.performRevokeTokenRequest(
  configuration,
  new appauth.RevokeTokenRequest({ client_id: clientId, token: refreshed.refreshToken }),
)
const refused = await refresh(refreshed.refreshToken).catch((error) => error)

console.log(JSON.stringify({
  scope: tokens.scope,
  expires_in: tokens.expiresIn,
  over_limit: [Number(limited.message), limited.extras ? 'an OAuth error' : 'no OAuth error'],
  rotated: refreshed.refreshToken !== tokens.refreshToken,
  after_revocation: refused.message,
}))
