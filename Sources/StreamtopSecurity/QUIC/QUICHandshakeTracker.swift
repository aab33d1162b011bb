import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// The TLS handshake inside a QUIC connection (RFC 9001): whole messages come from CRYPTO frames, moments from packets.
/// What stays hidden without secrets is concluded from the kinds of packets seen, and marked so.
package struct QUICHandshakeTracker: Sendable {
    private var facts = HandshakeFacts(over: .quic)
    /// The same hello with early data came before, in another connection.
    private var isReplayed = false

    package init() {}

    /// Takes one whole handshake message with its header. `encrypted`: it was not readable on the wire (Initial packets
    /// are, to anyone).
    package mutating func observe(
        _ message: RawSpan, from direction: Direction, at time: Timestamp, encrypted: Bool,
        tables: inout SecurityTables, _ now: inout Observation
    ) {
        var reader = ByteReader(message)
        guard let header = try? TLSHandshakeHeader(decoding: &reader), header.bodyLength <= reader.remaining else {
            return
        }
        if encrypted { facts.tls.isDecrypted = true }
        if header.type == .clientHello, facts.clientHellos == 0 {
            facts.take(
                header.type, body: reader.reader(of: header.bodyLength), from: direction, at: time,
                encrypted: encrypted, certificates: tables.certificates, &now)
            // Said once: after a Retry the client repeats its hello in the same connection.
            if facts.offersEarlyData, let random = facts.clientRandom {
                now.signal(.correlator(.earlyHello(random)))
            }
            return
        }
        facts.take(
            header.type, body: reader.reader(of: header.bodyLength), from: direction, at: time, encrypted: encrypted,
            certificates: tables.certificates, &now)
    }

    /// The same hello came before, in another connection.
    package mutating func noteReplay() { isReplayed = true }

    /// The application protocol that the server chose; nil until its answer was read, which takes secrets.
    package var alpn: String? { facts.tls.alpn }

    /// The application protocols that the client offered.
    package var alpnOffered: [String] { facts.tls.alpnOffered }

    /// A step of QUIC's own: an Initial, a Retry, HANDSHAKE_DONE.
    package mutating func add(_ step: HandshakeStepName, from direction: Direction, at time: Timestamp, bytes: Int) {
        guard facts.tls.handshake.timeline.count < HandshakeFacts.stepCapacity else { return }
        facts.tls.handshake.timeline.append(
            HandshakeStep(
                step: step, from: direction, time: time, bytes: bytes, encrypted: step == .handshakeDone))
    }

    /// The client's first 1-RTT packet: from here on it sends application data.
    package mutating func applicationData(from direction: Direction, at time: Timestamp) {
        var unused = Observation()
        facts.applicationData(from: direction, at: time, &unused)
    }

    /// A message was read: there is something to show.
    package var isEmpty: Bool { !facts.sawHello }

    /// - Parameters:
    ///   - early: bytes in 0-RTT packets.
    ///   - serverHandshake: the server's first Handshake packet, `clientHandshake` the client's.
    package func snapshot(
        early: UInt64, serverHandshake: Timestamp?, clientHandshake: Timestamp?, hasSecrets: Bool,
        serverRoundTrip: Nanoseconds?
    ) -> TLSSnapshot {
        var seen = facts
        if !seen.readsEncryptedExtensions, let time = serverHandshake {
            conclude(.encryptedExtensions, .fromServer, time, &seen)
            if !seen.pskAccepted { conclude(.certificate, .fromServer, time, &seen) }
            conclude(.finished, .fromServer, time, &seen)
        }
        if seen.moments.clientFinished == nil, let time = clientHandshake {
            conclude(.finished, .fromClient, time, &seen)
            seen.moments.clientFinished = time
        }
        var tls = seen.tls
        let accepted = seen.earlyDataAnswer
        if seen.offersEarlyData {
            var data = EarlyDataSnapshot()
            data.accepted = accepted
            data.bytes = early
            data.isReplayed = isReplayed
            tls.earlyData = data
        }
        tls.hasSecrets = hasSecrets
        tls.handshake = seen.summary(earlyAccepted: accepted, serverRoundTrip: serverRoundTrip)
        let steps = seen.tls.handshake.timeline.enumerated().sorted { left, right in
            left.element.time == right.element.time
                ? left.offset < right.offset : left.element.time < right.element.time
        }
        tls.handshake.timeline = steps.prefix(HandshakeFacts.stepCapacity).map(\.element)
        return tls
    }

    private func conclude(
        _ name: HandshakeStepName, _ from: Direction, _ time: Timestamp, _ seen: inout HandshakeFacts
    ) {
        seen.tls.handshake.timeline.append(
            HandshakeStep(step: name, from: from, time: time, bytes: nil, encrypted: true, inferred: true))
    }
}
