import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Logger } from '../ports.ts';
import { HEADERS_TIMEOUT_MS } from './limits.ts';

const { createSecureContext } = process.getBuiltinModule('node:tls');

/** A certificate chain and its key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What handshakes that begin from now on go by. */
export interface TlsMaterial {
  /** Undefined where certificates are chosen by name. */
  readonly pair: KeyPair | undefined;
  /** Certificates in PEM that those of clients may come from. */
  readonly clientAuthorities: readonly string[] | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names, for TLS 1.2. */
  readonly ciphers: readonly string[];
  /** OpenSSL's names, best first; undefined: Node's own choice. */
  readonly curves?: readonly string[] | undefined;
}

/** Certificates for the name that a client asks for. A pair that is still the same object is not parsed again. */
export interface CertificatesByName {
  /** @returns undefined where there is none: the handshake fails */
  pairFor(serverName: string): KeyPair | undefined;
  /** What proves to an ACME authority that the name is ours (RFC 8737); undefined where nothing is to be proved. */
  challengeFor(serverName: string): KeyPair | undefined;
}

/** Whether clients show a certificate, and whether it must come from one of the authorities. */
export interface ClientCertificates {
  readonly areRequired: boolean;
  readonly areVerified: boolean;
}

export interface TlsOptions {
  readonly material: TlsMaterial;
  readonly clients?: ClientCertificates | undefined;
  readonly byName?: CertificatesByName | undefined;
}

const ACME_PROTOCOL = 'acme-tls/1';
const TLS13_SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

type ContextOptions = import('node:tls').SecureContextOptions;

function contextOptions(material: TlsMaterial, pair = material.pair): ContextOptions {
  const { clientAuthorities: ca, minVersion, ciphers, curves } = material;
  return {
    ...pair,
    ...(ca !== undefined && { ca: [...ca] }),
    minVersion,
    ciphers: [TLS13_SUITES, ...ciphers].join(':'),
    ...(curves !== undefined && { ecdhCurve: curves.join(':') }),
    // As Go does: a client without AES in hardware gets ChaCha20 only where the server may choose.
    honorCipherOrder: true,
  };
}

/**
 * Checks that material can be used.
 * @throws Error with OpenSSL's reason
 */
export function checkMaterial(material: TlsMaterial): void {
  createSecureContext(contextOptions(material));
}

/** The contexts of a server, each made once. */
class Contexts {
  readonly #byName: CertificatesByName;
  readonly #proofs = new WeakMap<TLSSocket, SecureContext>();
  #material: TlsMaterial;
  #made = new WeakMap<KeyPair, SecureContext>();

  constructor(material: TlsMaterial, byName: CertificatesByName) {
    this.#material = material;
    this.#byName = byName;
  }

  renew(material: TlsMaterial): void {
    this.#material = material;
    this.#made = new WeakMap();
  }

  /**
   * What a handshake for a name goes by. OpenSSL asks for the name before the protocol in TLS 1.2, and after it in
   * TLS 1.3, where the answer would replace what was set for the protocol. A proof by TLS 1.2 alone thus needs a
   * certificate that is there already; authorities speak 1.3, and no client is ever shown a proof for a certificate.
   */
  forName(socket: TLSSocket, serverName: string): SecureContext | undefined {
    const proof = this.#proofs.get(socket);
    if (proof !== undefined) return proof;
    const pair = this.#byName.pairFor(serverName.toLowerCase());
    if (pair === undefined) return undefined;
    let context = this.#made.get(pair);
    if (context === undefined) {
      context = createSecureContext(contextOptions(this.#material, pair));
      this.#made.set(pair, context);
    }
    return context;
  }

  /** Makes a handshake prove that the name is ours. @returns whether there is anything to prove */
  prove(socket: TLSSocket, serverName: string): boolean {
    const pair = this.#byName.challengeFor(serverName.toLowerCase());
    if (pair === undefined) return false;
    const proof = createSecureContext(contextOptions(this.#material, pair));
    this.#proofs.set(socket, proof);
    socket.setKeyCert(proof);
    return true;
  }
}

/** Where a connection goes once its handshake is over. */
export interface ByProtocol {
  readonly http1: (socket: TLSSocket) => void;
  /** Undefined where HTTP/2 is not spoken. */
  readonly http2: ((socket: Socket) => void) | undefined;
}

/** Node's options for a server of this kind, and how to change what it goes by. */
export interface TlsSetup {
  readonly options: import('node:https').ServerOptions;
  /** Takes over a server's connections; to be called before it listens. */
  attach(server: HttpsServer, serve: ByProtocol): void;
  /** For handshakes from now on; connections that there are go on as they are. */
  renew(server: HttpsServer, material: TlsMaterial): void;
}

/** How a server is to speak TLS. */
export function tlsSetup(
  { material, clients, byName }: TlsOptions,
  hasHttp2: boolean,
  log: Logger,
): TlsSetup {
  const protocols = hasHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  const contexts = byName === undefined ? undefined : new Contexts(material, byName);
  return {
    options: {
      ...contextOptions(material),
      handshakeTimeout: HEADERS_TIMEOUT_MS,
      requestCert: clients !== undefined,
      // Otherwise looked at after the handshake, as OpenSSL knows only all or nothing.
      rejectUnauthorized: clients?.areRequired === true && clients.areVerified,
      ...(contexts === undefined
        ? { ALPNProtocols: protocols }
        : {
            SNICallback(this: TLSSocket, serverName, done) {
              done(null, contexts.forName(this, serverName));
            },
            ALPNCallback(this: TLSSocket, asked: { servername: string; protocols: string[] }) {
              if (!asked.protocols.includes(ACME_PROTOCOL)) {
                return protocols.find((protocol) => asked.protocols.includes(protocol));
              }
              return contexts.prove(this, asked.servername) ? ACME_PROTOCOL : undefined;
            },
          }),
    },
    attach(server, serve) {
      // Node's own listener takes every connection for HTTP/1.
      server.removeAllListeners('secureConnection');
      server.on('secureConnection', (socket: TLSSocket) => {
        if (socket.alpnProtocol === ACME_PROTOCOL) socket.end();
        else if (clients !== undefined && !isWelcome(socket, clients)) {
          log.debug('a client was refused for its certificate', { address: socket.remoteAddress });
          socket.destroy();
        } else if (socket.alpnProtocol === 'h2' && serve.http2 !== undefined) serve.http2(socket);
        else serve.http1(socket);
      });
      server.on('tlsClientError', (error, socket) => {
        log.debug('a TLS handshake failed', { address: socket.remoteAddress, error });
      });
    },
    renew(server, renewed) {
      contexts?.renew(renewed);
      server.setSecureContext(contextOptions(renewed));
    },
  };
}

function isWelcome(socket: TLSSocket, clients: ClientCertificates): boolean {
  if (socket.getPeerX509Certificate() === undefined) return !clients.areRequired;
  return !clients.areVerified || socket.authorized;
}
