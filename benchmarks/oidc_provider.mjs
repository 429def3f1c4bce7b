// node oidc-provider on Redis, the fastest certified peer: `node oidc_provider.mjs PORT PROCESSES REDIS_URL MODULES`.
// One native public client (authorization code, PKCE, rotating refresh tokens), one resource server that introspects,
// and the minimal interactions: one form with a button for the sign-in, one for the consent.
import cluster from "node:cluster";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [port, processes, redisUrl, modules] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const load = async (name) => (await import(pathToFileURL(require.resolve(name)).href)).default;

if (cluster.isPrimary) {
  for (let number = 0; number < Number(processes); number += 1) cluster.fork();
  cluster.on("exit", () => process.exit(1));
  process.on("SIGTERM", () => process.exit(0));
} else {
  await serve();
}

async function serve() {
  const [Provider, Redis] = [await load("oidc-provider"), await load("ioredis")];
  const redis = new Redis(redisUrl, { keyPrefix: "bench:" });
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter: adapterOn(redis),
    clients: [
      {
        client_id: "app",
        application_type: "native",
        token_endpoint_auth_method: "none",
        redirect_uris: ["com.example.app://oauth-callback"],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      },
      {
        client_id: "server",
        client_secret: "a-generated-secret-of-a-resource-server",
        redirect_uris: [],
        grant_types: [],
        response_types: [],
      },
    ],
    cookies: { keys: ["of the benchmark only"] },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    // Plain OAuth 2.0, its fastest mode, because no ID token has to be signed.
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    scopes: ["WRITE"],
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 3600, RefreshToken: 86400, Session: 86400 },
  });
  provider.use(async (context, next) => {
    if (!context.path.startsWith("/interaction/")) return next();
    const { req, res } = context;
    if (req.method === "GET") {
      await provider.interactionDetails(req, res);
      context.type = "html";
      context.body = '<!doctype html><title>Sign in</title><form method="post"><button>Continue</button></form>';
      return;
    }
    const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
    context.respond = false;
    if (prompt.name === "login") {
      await provider.interactionFinished(req, res, { login: { accountId: "person" } });
      return;
    }
    const grant =
      (grantId && (await provider.Grant.find(grantId))) ||
      new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope("WRITE");
    await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
  });
  provider.listen(Number(port), "127.0.0.1");
}

// The storage interface of oidc-provider: one Redis key per row, with Redis expiry.
function adapterOn(redis) {
  const consumable = new Set(["AuthorizationCode", "RefreshToken"]);
  const ofGrant = new Set(["AccessToken", "AuthorizationCode", "RefreshToken"]);
  return class {
    constructor(model) {
      this.model = model;
    }
    key(id) {
      return `${this.model}:${id}`;
    }
    async upsert(id, payload, seconds) {
      const many = redis.multi();
      const key = this.key(id);
      if (consumable.has(this.model)) many.hset(key, "payload", JSON.stringify(payload));
      else many.set(key, JSON.stringify(payload));
      if (seconds) many.expire(key, seconds);
      if (ofGrant.has(this.model) && payload.grantId) many.rpush(`grant:${payload.grantId}`, key).expire(`grant:${payload.grantId}`, 86400);
      if (payload.uid) many.set(`uid:${payload.uid}`, id, "EX", seconds || 86400);
      await many.exec();
    }
    async find(id) {
      if (!consumable.has(this.model)) {
        const found = await redis.get(this.key(id));
        return found ? JSON.parse(found) : undefined;
      }
      const [payload, consumed] = await redis.hmget(this.key(id), "payload", "consumed");
      return payload ? { ...JSON.parse(payload), ...(consumed && { consumed: Number(consumed) }) } : undefined;
    }
    async findByUid(uid) {
      const id = await redis.get(`uid:${uid}`);
      return id ? this.find(id) : undefined;
    }
    async consume(id) {
      await redis.hset(this.key(id), "consumed", Math.floor(Date.now() / 1000));
    }
    async destroy(id) {
      await redis.del(this.key(id));
    }
    async revokeByGrantId(grantId) {
      const keys = await redis.lrange(`grant:${grantId}`, 0, -1);
      await redis.del(...keys, `grant:${grantId}`);
    }
  };
}
