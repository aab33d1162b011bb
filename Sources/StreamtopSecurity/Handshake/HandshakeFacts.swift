import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What the handshake messages of one TLS or DTLS connection have told so far, readable or opened.
///
/// The record layers feed it messages and moments; it keeps what the snapshot shows and what the record layers need to know
/// (version, cipher, randoms). Messages may be missing: each fact stands on its own.
struct HandshakeFacts: Sendable {
    /// Steps kept. A full handshake has 14; renegotiation could go on for ever.
    static let stepCapacity = 64
    /// Certificates shown.
    static let certificateCapacity = 8

    static let limits = [
        Limit("handshake steps", stepCapacity, per: .flow, policy: "later ones are not listed"),
        Limit("certificates", certificateCapacity, per: .flow, policy: "those further up the chain are not listed"),
    ]

    let isDatagram: Bool
    /// Facts in the form they are shown; `handshake` is completed by `summary(…)`.
    var tls = TLSSnapshot()
    var moments = HandshakeMoments()

    var clientRandom: HelloRandom?
    var serverRandom: HelloRandom?
    /// Agreed on; nil before a ServerHello was seen.
    var version: TLSVersion?
    var suite: TLSCipherSuite?
    var cipher: RecordCipher?
    var encryptThenMAC = false
    /// Records are compressed before they are protected (RFC 3749), long forbidden: opened, they are still not readable.
    var isCompressed = false
    var clientHellos = 0
    var offersVersion13 = false
    var offersEarlyData = false
    var pskAccepted = false
    var helloRetry = false
    /// DTLS: the server asked for a cookie.
    var helloVerify = false
    /// TLS 1.3: the server's EncryptedExtensions were read, and take the early data or not.
    var earlyDataAnswer: Bool?
    var readsEncryptedExtensions = false
    /// Before TLS 1.3: the server switched keys without sending a certificate or key: it resumed a session.
    var isAbbreviated = false
    var srtpProfile: UInt16?
    var srtpProfilesOffered: [UInt16] = []
    /// What each end wants in the records sent to it (RFC 9146).
    var connectionIDs = BothDirections<[UInt8]?>(client: nil, server: nil)
    var malformedMessages = 0
    private var sawServerKeys = false

    private let carrier: JA4Transport

    init(over carrier: JA4Transport) {
        self.carrier = carrier
        isDatagram = carrier == .dtls
    }

    var isVersion13: Bool { version?.isVersion13 ?? false }
    /// A hello of either end was read: this is TLS.
    var sawHello: Bool { clientHellos > 0 || version != nil }

    /// A message was read.
    mutating func take(
        _ type: TLSHandshakeType, body: consuming ByteReader, from direction: Direction, at time: Timestamp,
        encrypted: Bool, certificates: CertificateCache, _ now: inout Observation
    ) {
        let bytes = (isDatagram ? DTLSHandshakeHeader.length : TLSHandshakeHeader.length) + body.remaining
        var step = HandshakeStepName(type)
        do throws(DecodeError) {
            switch type {
            case .clientHello where direction == .fromClient: try takeClientHello(&body, at: time)
            case .serverHello where direction == .fromServer:
                step = try takeServerHello(&body, at: time) ? .helloRetryRequest : step
            case .draftHelloRetryRequest where direction == .fromServer: helloRetry = true
            case .helloVerifyRequest: helloVerify = true
            case .encryptedExtensions: try takeEncryptedExtensions(&body)
            case .certificate: try takeCertificate(&body, from: direction, certificates)
            case .compressedCertificate: if direction == .fromServer { sawServerKeys = true }
            case .serverKeyExchange: try takeServerKeyExchange(&body)
            case .serverHelloDone: moments.serverHelloDone = moments.serverHelloDone ?? time
            case .clientKeyExchange: moments.clientKeyExchange = moments.clientKeyExchange ?? time
            case .certificateVerify where direction == .fromServer:
                tls.signatureAlgorithm =
                    TLSSignatureScheme(
                        rawValue: try TLSCertificateVerify(decoding: &body).signatureScheme
                    ).text
            case .newSessionTicket: tls.sessionTicket = true
            case .finished: finished(from: direction, at: time)
            default: break
            }
        } catch {
            malformedMessages += 1
        }
        guard let step else { return }
        add(HandshakeStep(step: step, from: direction, time: time, bytes: bytes, encrypted: encrypted), &now)
    }

    mutating func add(_ step: HandshakeStep, _ now: inout Observation) {
        guard tls.handshake.timeline.count < Self.stepCapacity else { return }
        tls.handshake.timeline.append(step)
        if let bytes = step.bytes {
            now.tell(
                .handshakeStep(step: step.step, from: step.from, bytes: bytes, encrypted: step.encrypted))
        }
    }

    mutating func finished(from direction: Direction, at time: Timestamp) {
        if direction == .fromClient {
            moments.clientFinished = moments.clientFinished ?? time
        } else {
            moments.serverFinished = moments.serverFinished ?? time
        }
        if isVersion13, direction == .fromClient, readsEncryptedExtensions, tls.clientCertificate == nil {
            tls.clientCertificate = false
        }
    }

    /// Before TLS 1.3: `direction` switches to the keys agreed on.
    mutating func changeCipherSpec(from direction: Direction, at time: Timestamp, _ now: inout Observation) {
        add(HandshakeStep(step: .changeCipherSpec, from: direction, time: time, bytes: 1), &now)
        guard version != nil else { return }
        if direction == .fromServer {
            if moments.serverFinished == nil, !sawServerKeys { isAbbreviated = true }
            if tls.clientCertificate == nil { tls.clientCertificate = false }
            if tls.sessionTicket == nil { tls.sessionTicket = false }
        }
    }

    /// Application data of `direction` passed, not counting early data.
    mutating func applicationData(from direction: Direction, at time: Timestamp, _ now: inout Observation) {
        if direction == .fromClient {
            guard moments.firstClientData == nil else { return }
            moments.firstClientData = time
            if !isVersion13, moments.clientFinished != nil || moments.clientKeyExchange != nil,
                moments.serverFinished == nil, !isAbbreviated
            {
                tls.handshake.falseStart = true
            }
        } else {
            guard moments.firstServerData == nil else { return }
            moments.firstServerData = time
        }
        add(
            HandshakeStep(step: .firstApplicationData, from: direction, time: time, bytes: nil, encrypted: true),
            &now)
    }

    private mutating func takeClientHello(_ body: inout ByteReader, at time: Timestamp) throws(DecodeError) {
        let hello = try TLSClientHello(decoding: &body, datagram: isDatagram)
        clientHellos += 1
        moments.lastClientHello = time
        clientRandom = hello.random
        guard clientHellos == 1 else {
            // After a HelloRetryRequest the client must not try early data again (RFC 8446 section 4.2.10).
            if helloRetry, offersEarlyData { earlyDataAnswer = false }
            return
        }
        moments.firstClientHello = time
        offersVersion13 = hello.highestVersion.isVersion13
        offersEarlyData = hello.offersEarlyData
        srtpProfilesOffered = hello.srtpProfiles
        connectionIDs.client = hello.connectionID
        tls.serverName = hello.serverName
        tls.alpnOffered = hello.alpn
        tls.encryptedClientHello = hello.encryptedClientHello ? nil : false
        tls.keySharesOffered = hello.keyShares.filter { !isGreaseValue($0.group) }.map {
            TLSGroup(rawValue: $0.group).text
        }
        tls.resumptionOffered = hello.offersResumption
        tls.ja3 = HashAlgorithm.md5.hexDigest(of: hello.ja3Bytes)
        tls.ja4 = hello.ja4(over: carrier) { HashAlgorithm.sha256.hexDigest(of: $0) }
        if hello.extensionsMalformed { malformedMessages += 1 }
    }

    /// True when it is a HelloRetryRequest.
    private mutating func takeServerHello(_ body: inout ByteReader, at time: Timestamp) throws(DecodeError) -> Bool {
        let hello = try TLSServerHello(decoding: &body)
        if hello.extensionsMalformed { malformedMessages += 1 }
        version = hello.version
        tls.version = hello.version.name
        let suite = TLSCipherSuite(rawValue: hello.cipherSuite)
        self.suite = suite
        cipher = RecordCipher(suite)
        tls.cipherSuite = suite.text
        if let group = hello.keyShareGroup { tls.group = TLSGroup(rawValue: group).text }
        if hello.isHelloRetryRequest {
            helloRetry = true
            if offersEarlyData { earlyDataAnswer = false }
            return true
        }
        serverRandom = hello.random
        moments.serverHello = moments.serverHello ?? time
        encryptThenMAC = hello.encryptThenMAC
        isCompressed = hello.compressionMethod != 0
        pskAccepted = hello.pskIdentity != nil
        if offersEarlyData, hello.version.isVersion13, hello.pskIdentity != 0 { earlyDataAnswer = false }
        tls.ja3s = HashAlgorithm.md5.hexDigest(of: hello.ja3sBytes)
        if let alpn = hello.alpnBytes { tls.alpn = String(decoding: alpn, as: UTF8.self) }
        if hello.sessionTicket { tls.sessionTicket = true }
        srtpProfile = hello.srtpProfile ?? srtpProfile
        connectionIDs.server = hello.connectionID
        return false
    }

    private mutating func takeEncryptedExtensions(_ body: inout ByteReader) throws(DecodeError) {
        let answers = try TLSEncryptedExtensions(decoding: &body)
        readsEncryptedExtensions = true
        if let alpn = answers.alpn { tls.alpn = alpn }
        srtpProfile = answers.srtpProfile ?? srtpProfile
        if offersEarlyData { earlyDataAnswer = answers.acceptsEarlyData }
    }

    private mutating func takeCertificate(
        _ body: inout ByteReader, from direction: Direction, _ known: CertificateCache
    ) throws(DecodeError) {
        if direction == .fromServer { sawServerKeys = true }
        let message = try TLSCertificateMessage(decoding: &body, version13: isVersion13)
        guard direction == .fromServer else {
            tls.clientCertificate = message.count > 0
            return
        }
        tls.certificateBytes = message.listLength
        guard tls.certificates.isEmpty else { return }
        tls.certificates = message.certificates.prefix(Self.certificateCapacity).compactMap { der in
            known.certificate(der: der).map(CertificateSnapshot.init)
        }
    }

    private mutating func takeServerKeyExchange(_ body: inout ByteReader) throws(DecodeError) {
        sawServerKeys = true
        guard let suite, let version else { return }
        let exchange = try TLSServerKeyExchange(decoding: &body, cipherSuite: suite, version: version)
        if let group = exchange.group { tls.group = TLSGroup(rawValue: group).text }
        if let scheme = exchange.signatureScheme {
            tls.signatureAlgorithm = TLSSignatureScheme(rawValue: scheme).text
        }
    }
}

extension CertificateSnapshot {
    fileprivate init(_ certificate: Certificate) {
        self.init(
            subject: certificate.subject, issuer: certificate.issuer, notBefore: certificate.notBefore,
            notAfter: certificate.notAfter, names: certificate.names, key: certificate.key, serial: certificate.serial,
            fingerprint: certificate.fingerprint)
    }
}
