// A public client made of openid-client. Arguments: the folder of packages, issuer, client ID, redirect URI.
// Prints the authorization URL, reads the callback URL from standard input, prints what became of it.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [modules, issuer, clientId, redirectUri] = process.argv.slice(2)
const require = createRequire(pathToFileURL(`${modules}/`))
const client = await import(pathToFileURL(require.resolve('openid-client')))

const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests], // the test server is plain http on loopback
})
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const authorize = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: 'WRITE',
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
console.log(JSON.stringify({ authorize: authorize.href }))

const lines = createInterface({ input: process.stdin })
const callback = new URL((await lines[Symbol.asyncIterator]().next()).value)
lines.close()

const tokens = await client.authorizationCodeGrant(
  config, callback, { pkceCodeVerifier: verifier, expectedState: state }, { redirect_uri: redirectUri })
const guess = () => client.refreshTokenGrant(config, 'made-up').catch((error) => error)
await guess() // uses up the limit of failures
const limited = await guess()
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
await client.tokenRevocation(config, refreshed.refresh_token)
const refused = await client.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error)

console.log(JSON.stringify({
  scope: tokens.scope,
  expires_in: tokens.expires_in,
  over_limit: [limited.cause?.status ?? limited.status, limited.error ?? 'no OAuth error'],
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  after_revocation: refused.error ?? String(refused),
}))
