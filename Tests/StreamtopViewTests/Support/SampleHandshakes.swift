import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

@testable import StreamtopView

/// Flows with handshakes as they occur, and pictures of them.
enum SampleHandshakes {
    typealias Step = (
        name: HandshakeStepName, from: Direction, at: Double, bytes: Int?, encrypted: Bool, inferred: Bool
    )

    static func steps(_ list: [Step], from start: Timestamp) -> [HandshakeStep] {
        list.map {
            HandshakeStep(
                step: $0.name, from: $0.from, time: start + Nanoseconds($0.at * 1e6), bytes: $0.bytes,
                encrypted: $0.encrypted, inferred: $0.inferred)
        }
    }

    static func flow(_ number: UInt64, transport: FlowTransport = .tcp, kind: HandshakeSnapshot.Kind = .full)
        -> FlowSnapshot
    {
        var flow = SampleSnapshots.flow(
            number, "10.0.3.7", UInt16(50_000 + number), "203.0.113.4", 443, name: "cdn-04.example",
            transport: transport, protocols: transport == .tcp ? ["ipv4", "tcp", "tls"] : ["ipv4", "udp", "quic"],
            up: 96_400, down: 11_800_000)
        var tls = TLSSnapshot()
        tls.version = "1.3"
        tls.cipherSuite = "TLS_AES_128_GCM_SHA256"
        tls.group = "secp256r1"
        tls.serverName = "cdn-04.example"
        tls.alpnOffered = ["h2", "http/1.1"]
        tls.keySharesOffered = ["X25519MLKEM768", "x25519"]
        tls.handshake.kind = kind
        tls.ja4 = "t13d1516h2_8daaf6152771_b186095e22b6"
        flow.tls = tls
        return flow
    }

    /// The server wanted another group: three round trips where two would do. Read with secrets.
    static func retried() -> FlowSnapshot {
        var flow = flow(31, kind: .helloRetry)
        flow.roundTrip.handshake = 31_900_000
        flow.tcp = TCPSnapshot()
        guard var tls = flow.tls else { return flow }
        tls.handshake.roundTrips = 2
        tls.handshake.duration = 64_100_000
        tls.handshake.serverTime = 300_000
        tls.handshake.timeline = steps(
            [
                (.tcpSyn, .fromClient, 0, nil, false, false), (.tcpSynAck, .fromServer, 31.9, nil, false, false),
                (.tcpAck, .fromClient, 31.92, nil, false, false),
                (.clientHello, .fromClient, 32, 1_517, false, false),
                (.helloRetryRequest, .fromServer, 64.1, 88, false, false),
                (.clientHello, .fromClient, 64.2, 382, false, false),
                (.serverHello, .fromServer, 96, 155, false, false),
                (.encryptedExtensions, .fromServer, 96, 21, true, false),
                (.certificate, .fromServer, 96, 3_105, true, false),
                (.certificateVerify, .fromServer, 96, 79, true, false),
                (.finished, .fromServer, 96, 36, true, false), (.finished, .fromClient, 96.1, 36, true, false),
                (.firstApplicationData, .fromClient, 97.4, nil, false, false),
                (.newSessionTicket, .fromServer, 128.2, 249, true, false),
                (.firstApplicationData, .fromServer, 130.9, nil, false, false),
            ], from: flow.start)
        tls.alpn = "h2"
        tls.sessionTicket = true
        tls.resumptionOffered = false
        tls.clientCertificate = false
        tls.hasSecrets = true
        tls.isDecrypted = true
        tls.certificateBytes = 3_090
        tls.certificates = [
            CertificateSnapshot(
                subject: "CN=cdn-04.example", issuer: "CN=Example CA, O=Example", notBefore: flow.start,
                notAfter: flow.end + .seconds(9 * 86_400 + 60), names: ["cdn-04.example", "*.live.example"],
                key: "EC secp256r1", serial: "01", fingerprint: "b7:d9"),
            CertificateSnapshot(
                subject: "CN=Example CA", issuer: "CN=Example Root", notBefore: nil, notAfter: nil, names: [],
                key: nil, serial: "02", fingerprint: "aa:01"),
        ]
        flow.tls = tls
        return flow
    }

    /// QUIC behind a Retry, without secrets.
    static func quic() -> FlowSnapshot {
        var flow = flow(32, transport: .udp)
        flow.roundTrip.server = SampleSnapshots.summary(42.1, minimum: 41.5, p95: 50, source: .quicHandshake)
        flow.roundTrip.client = SampleSnapshots.summary(0.4, minimum: 0.3, p95: 1, source: .quicHandshake)
        guard var tls = flow.tls else { return flow }
        tls.handshake.roundTrips = 1
        tls.handshake.duration = 100_350_000
        tls.handshake.timeline = steps(
            [
                (.initial, .fromClient, 0, 1_200, false, false), (.clientHello, .fromClient, 0, 482, false, false),
                (.retry, .fromServer, 40.8, 112, false, false),
                (.clientHello, .fromClient, 43.1, 482, false, false),
                (.initial, .fromServer, 90.1, 177, false, false),
                (.serverHello, .fromServer, 90.1, 123, false, false),
                (.encryptedExtensions, .fromServer, 90.1, nil, true, true),
                (.certificate, .fromServer, 90.1, nil, true, true),
                (.finished, .fromServer, 90.1, nil, true, true),
                (.firstApplicationData, .fromClient, 100.4, nil, false, false),
                (.finished, .fromClient, 100.4, nil, true, true),
            ], from: flow.start)
        tls.alpnOffered = ["h3"]
        flow.tls = tls
        var quic = QUICSnapshot()
        quic.version = "1"
        quic.hasRetry = true
        quic.amplificationRatio = 2.84
        quic.amplificationBlocked = 9_400_000
        quic.clientParameters = [
            QUICParameter(name: "max_idle_timeout", value: .number(30_000)),
            QUICParameter(name: "initial_max_data", value: .number(1_048_576)),
            QUICParameter(name: "grease_quic_bit", value: .flag),
        ]
        quic.close = QUICClose(code: 0, isApplication: true, reason: "", by: .fromClient, time: flow.end)
        flow.quic = quic
        return flow
    }

    /// A finished handshake that took `milliseconds` from its first packet.
    static func finished(_ number: UInt64, _ kind: HandshakeSnapshot.Kind, trips: Int, _ milliseconds: Double)
        -> FlowSnapshot
    {
        var flow = flow(number, kind: kind)
        flow.tls?.handshake.roundTrips = trips
        flow.tls?.handshake.duration = Nanoseconds((milliseconds - 10) * 1e6)
        let hello = kind == .zeroRTT ? milliseconds : 10
        let start = flow.start
        flow.tls?.handshake.timeline = steps(
            [
                (.tcpSyn, .fromClient, 0, nil, false, false), (.tcpSynAck, .fromServer, 9, nil, false, false),
                (.clientHello, .fromClient, hello, 517, false, false),
            ], from: start)
        return flow
    }

    static func failed(_ number: UInt64, _ spoil: (inout FlowSnapshot) -> Void) -> FlowSnapshot {
        var flow = finished(number, .incomplete, trips: 1, 20)
        flow.tls?.handshake.duration = nil
        flow.tls?.handshake.roundTrips = nil
        spoil(&flow)
        return flow
    }

    /// With what the engine has derived when it makes a snapshot.
    static func judged(_ flow: FlowSnapshot) -> FlowSnapshot {
        var flow = flow
        HandshakeDiagnosis.judge(&flow)
        return flow
    }

    static func lone(_ flow: @escaping @Sendable () -> FlowSnapshot) -> @Sendable () -> Snapshot {
        {
            var snapshot = Snapshot(time: SampleSnapshots.now)
            snapshot.start = SampleSnapshots.start
            snapshot.flows = [judged(flow())]
            snapshot.flowCount = 1
            return snapshot
        }
    }

    @Sendable static func many() -> Snapshot {
        var snapshot = Snapshot(time: SampleSnapshots.now)
        snapshot.start = SampleSnapshots.start
        var flows = [retried(), quic()]
        var number: UInt64 = 100
        func add(_ kind: HandshakeSnapshot.Kind, _ trips: Int, _ times: [Double]) {
            for time in times {
                flows.append(finished(number, kind, trips: trips, time))
                number += 1
            }
        }
        add(.zeroRTT, 0, [11, 12, 12.5, 31])
        add(.psk, 1, [21, 22, 24, 60])
        add(.full, 1, (0..<40).map { 20 + Double($0 * $0) / 4 })
        add(.full, 2, (0..<12).map { 40 + Double($0 * 17) })
        flows += [
            failed(201) {
                let end = $0.end
                $0.tls?.alerts = [
                    TLSAlertSnapshot(
                        time: end, from: .fromServer, level: "fatal", description: "handshake_failure")
                ]
            },
            failed(202) { $0.state = .reset }, failed(203) { $0.state = .reset },
            failed(204) { flow in
                flow.tls = nil
                flow.tcp = TCPSnapshot()
                flow.tcp?.synRetransmissions = 3
                flow.server.packets = 0
            },
            failed(205) { _ in },
        ]
        snapshot.flows = flows.map(judged)
        snapshot.flowCount = flows.count
        return snapshot
    }
}
