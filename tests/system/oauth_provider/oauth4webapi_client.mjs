// A public client made of oauth4webapi. Arguments: the folder of packages, issuer, client ID, redirect URI.
// Prints the authorization URL, reads the callback URL from standard input, prints what became of it.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [modules, issuer, clientId, redirectUri] = process.argv.slice(2)
const require = createRequire(pathToFileURL(`${modules}/`))
const oauth = await import(pathToFileURL(require.resolve('oauth4webapi')))
const options = { [oauth.allowInsecureRequests]: true } // the test server is plain http on loopback

const issuerUrl = new URL(issuer)
const discovered = await oauth.discoveryRequest(issuerUrl, { algorithm: 'oauth2', ...options })
const server = await oauth.processDiscoveryResponse(issuerUrl, discovered)
const client = { client_id: clientId }
const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()

const authorize = new URL(server.authorization_endpoint)
authorize.search = new URLSearchParams({
  client_id: clientId,
  redirect_uri: redirectUri,
  response_type: 'code',
  scope: 'WRITE',
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
console.log(JSON.stringify({ authorize: authorize.href }))

const lines = createInterface({ input: process.stdin })
const callback = new URL((await lines[Symbol.asyncIterator]().next()).value)
lines.close()

const parameters = oauth.validateAuthResponse(server, client, callback, state)
const exchanged = await oauth.authorizationCodeGrantRequest(
  server, client, oauth.None(), parameters, redirectUri, verifier, options)
const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged)

const refresh = async (token) => oauth.processRefreshTokenResponse(
  server, client, await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, options))
await refresh('made-up').catch(() => {}) // uses up the limit of failures
const limited = await refresh('made-up').catch((error) => error)
const refreshed = await refresh(tokens.refresh_token)

await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, oauth.None(), refreshed.refresh_token, options))
const refused = await refresh(refreshed.refresh_token).catch((error) => error)

console.log(JSON.stringify({
  scope: tokens.scope,
  expires_in: tokens.expires_in,
  over_limit: [limited.cause?.status ?? limited.status, limited.error ?? 'no OAuth error'],
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  after_revocation: refused.error ?? String(refused),
}))
