import StreamtopBase
import StreamtopModel

/// Values for the tests of this room, with every optional part filled in.
enum SampleRecords {
    static let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)

    static func bareFlow(_ transport: FlowTransport = .tcp, number: UInt64 = 1) -> FlowSnapshot {
        FlowSnapshot(
            identifier: FlowIdentifier(number: number), transport: transport, protocols: ["ipv4", transport.rawValue],
            protocolNumber: transport == .tcp ? 6 : transport == .udp ? 17 : 1,
            client: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0x0a00_0307), port: 51544)),
            server: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0xc000_0204), port: 443)),
            orientation: .syn, start: start, end: start + .milliseconds(1500), state: .open)
    }

    static func roundTrip(_ milliseconds: Int64, source: RoundTripSource = .tcpAck) -> RoundTripSnapshot {
        let value = Nanoseconds.milliseconds(milliseconds)
        return RoundTripSnapshot(
            samples: 400, minimum: value, last: value, smoothed: value, mean: value, p50: value, p95: value, p99: value,
            maximum: value, jitter: 1_234, source: source)
    }

    /// TLS with everything there is to say.
    static func fullTLS() -> TLSSnapshot {
        var tls = TLSSnapshot()
        tls.version = "1.3"
        tls.cipherSuite = "TLS_AES_128_GCM_SHA256"
        tls.group = "x25519"
        tls.signatureAlgorithm = "rsa_pss_rsae_sha256"
        tls.serverName = "live.example"
        tls.alpnOffered = ["h2", "http/1.1"]
        tls.alpn = "h2"
        tls.encryptedClientHello = false
        tls.keySharesOffered = ["x25519"]
        tls.handshake.kind = .zeroRTT
        tls.handshake.roundTrips = 0
        tls.handshake.duration = 5
        tls.handshake.serverTime = 1
        tls.handshake.timeline = [
            HandshakeStep(step: .clientHello, from: .fromClient, time: start, bytes: 300),
            HandshakeStep(
                step: .finished, from: .fromServer, time: start + 5, bytes: nil, encrypted: true, inferred: true),
        ]
        var early = EarlyDataSnapshot()
        early.accepted = true
        early.bytes = 18
        early.reason = "POST /order"
        early.replayRisk = .unsafe
        tls.earlyData = early
        tls.sessionTicket = true
        tls.resumptionOffered = true
        tls.clientCertificate = false
        tls.certificates = [
            CertificateSnapshot(
                subject: "CN=live.example", issuer: "CN=Example", notBefore: start, notAfter: start + 5,
                names: ["live.example"], key: "RSA 2048", serial: "01ab",
                fingerprint: Array(repeating: "0f", count: 32).joined(separator: ":"))
        ]
        tls.certificateBytes = 817
        tls.ja3 = String(repeating: "a", count: 32)
        tls.ja3s = String(repeating: "b", count: 32)
        tls.ja4 = "t13d1516h2_8daaf6152771_b186095e22b6"
        tls.alerts = [
            TLSAlertSnapshot(time: start, from: .fromServer, level: "fatal", description: "handshake_failure"),
            TLSAlertSnapshot(time: start, from: .fromClient, level: nil, description: nil),
        ]
        return tls
    }

    /// DTLS with everything there is to say.
    static func datagramFlow() -> FlowSnapshot {
        var flow = bareFlow(.udp, number: 4)
        var dtls = DTLSSnapshot()
        dtls.tls = fullTLS()
        dtls.tls.ja4 = "d13d1516h2_8daaf6152771_b186095e22b6"
        dtls.cookie = true
        dtls.srtpProfile = "SRTP_AEAD_AES_128_GCM"
        dtls.srtpProfilesOffered = ["SRTP_AEAD_AES_128_GCM"]
        dtls.connectionIDs = BothDirections(client: "0a", server: "0b0c")
        flow.dtls = dtls
        return flow
    }

    /// QUIC with everything there is to say.
    static func quicFlow() -> FlowSnapshot {
        var flow = bareFlow(.udp, number: 5)
        var quic = QUICSnapshot()
        quic.version = "1"
        quic.versionsOffered = ["1", "draft-29"]
        quic.isRetryTagValid = true
        var early = QUICZeroRTT()
        early.accepted = false
        quic.zeroRTT = early
        quic.clientConnectionIDs = ["c001"]
        quic.serverConnectionIDs = ["5002"]
        quic.originalDestinationID = "0102030405060708"
        quic.migrations = [
            QUICMigration(time: start, from: flow.client.endpoint, to: flow.server.endpoint, isValidated: true)
        ]
        quic.keyUpdates = 1
        quic.clientParameters = [
            QUICParameter(name: "max_idle_timeout", value: .number(30_000)),
            QUICParameter(name: "initial_source_connection_id", value: .text("c001")),
            QUICParameter(name: "disable_active_migration", value: .flag),
            QUICParameter(name: "version_information", value: .list(["1", "2"])),
        ]
        quic.serverParameters = quic.clientParameters
        quic.client.ackedPackets = 5
        quic.client.lostPackets = 1
        quic.client.spuriousLosses = 0
        quic.client.inFlight = InFlightSnapshot(last: 1, maximum: 2, p50: 1, isLowerBound: false)
        quic.client.congestionWindow = CongestionWindowSnapshot(
            bytes: 12_000, packets: 10, maximum: 24_000, source: .estimate, confidence: 0.7, phase: .slowStart,
            isLowerBound: true)
        quic.client.frames = [QUICFrameCount(name: "ack", count: 3), QUICFrameCount(name: "stream", count: 9)]
        quic.client.flowControlBlocked = 0
        quic.client.streams = 1
        quic.client.streamBytes = 900
        quic.client.pathMTU = 1200
        quic.client.mtuProbes = 2
        quic.close = QUICClose(code: 256, isApplication: true, reason: "done", by: .fromClient, time: start)
        quic.isDecrypted = true
        quic.amplificationRatio = 3.2
        quic.amplificationBlocked = 5
        quic.isResetSuspected = true
        flow.quic = quic
        flow.tls = fullTLS()
        flow.tls?.ja4 = "q13d1516h2_8daaf6152771_b186095e22b6"
        return flow
    }

    static func fullFlow() -> FlowSnapshot {
        var flow = bareFlow()
        flow.isFinal = true
        flow.isEvicted = true
        flow.vlan = 7
        flow.tunnel = TunnelSnapshot(kind: "vxlan", identifier: 99)
        flow.client.packets = 100
        flow.client.bytes = 9_000
        flow.client.payloadBytes = 2_000
        flow.server.packets = 200
        flow.server.bytes = 290_000
        flow.server.payloadBytes = 280_000
        flow.roundTrip.client = roundTrip(1)
        flow.roundTrip.server = roundTrip(30, source: .tcpTimestamps)
        flow.roundTrip.total = roundTrip(31)
        flow.roundTrip.handshake = .milliseconds(32)
        flow.queueDelay.server = QueueDelaySnapshot(
            last: .milliseconds(3), p50: .milliseconds(2), p95: .milliseconds(80), maximum: .milliseconds(84))
        flow.tcp = TCPSnapshot()
        flow.tcp?.vantage = .server
        flow.tcp?.multipath = true
        flow.tcp?.server = fullEndpoint()
        var fragmentation = FragmentationSnapshot()
        fragmentation.tooBig = [TooBigMessage(time: start, mtu: 1400)]
        flow.fragmentation = fragmentation
        flow.buffers = [
            BufferSnapshot(
                layer: .path, location: "client", occupiedBytes: 184_000, capacityBytes: 256_000,
                delay: .milliseconds(84),
                source: "rtt", confidence: 0.9)
        ]
        flow.verdicts = [
            Verdict(
                rule: "bufferbloat", ruleNumber: 1, severity: .warning, subject: .path, summary: "a \"queue\"",
                evidence: [.init("queue_p95_ms", 84), .init("broken", .nan)], advice: "cake", firstSeen: start,
                confidence: 0.75, priority: 5)
        ]
        flow.anomalies.record(.windowShrunk, times: 2)
        flow.decode.gaps = 1
        flow.decode.gapBytes = 1448
        return flow
    }

    static func fullEndpoint() -> TCPEndpointSnapshot {
        var endpoint = TCPEndpointSnapshot()
        endpoint.mssBytes = 1448
        endpoint.windowScale = 7
        endpoint.sackPermitted = true
        endpoint.timestamps = true
        endpoint.ecnNegotiated = false
        endpoint.fastOpen = false
        endpoint.segments = 200
        endpoint.dataSegments = 190
        endpoint.uniqueBytes = 270_000
        endpoint.largestSegment = 1448
        endpoint.reorderExtent = 3
        endpoint.zeroWindowTime = .milliseconds(12)
        endpoint.initialWindowBytes = 14_480
        endpoint.inFlight = InFlightSnapshot(last: 1000, maximum: 182_000, p50: 90_000, isLowerBound: true)
        endpoint.congestionWindow = CongestionWindowSnapshot(
            bytes: 182_000, packets: 125, maximum: 190_000, source: .estimate, confidence: 0.8,
            phase: .congestionAvoidance, isLowerBound: true)
        endpoint.congestionControl = CongestionControlSnapshot(
            name: .cubic, source: .estimate, confidence: 0.7, evidence: ["cut to 0.70 twice"])
        endpoint.windowCuts = [WindowCut(time: start, beforeBytes: 100_000, afterBytes: 70_000)]
        endpoint.receiveWindow = ReceiveWindowSnapshot(
            last: 60_000, maximum: 65_535, minimum: 0, occupied: 5_535, scaleUnknown: true)
        endpoint.limitedBy = LimitShares(
            network: .seconds(1), receiver: .milliseconds(300), application: .milliseconds(200))
        endpoint.pacing = true
        endpoint.lastRate = 1e6
        endpoint.maxRate = 2e6
        endpoint.meanRate = 1.5e6
        endpoint.goodput = 1.4e6
        endpoint.loss.events = 2
        endpoint.lossRatio = 0.0123456789
        return endpoint
    }
}
