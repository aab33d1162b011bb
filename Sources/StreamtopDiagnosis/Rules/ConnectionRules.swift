import StreamtopBase
import StreamtopModel

/// Connections that do not come about (rules 56 to 59): refused, broken off in the handshake, or silent in it.
///
/// Each is a warning for one connection; how many of those to one destination share the fate is told by
/// `DestinationFailures`.
enum ConnectionRules {
    static let silence = Threshold(
        "time without an answer to a handshake message", 3_000, .milliseconds,
        source: "own; three timeouts of a second, RFC 6298 section 2.1")
    static let trips = Threshold(
        "round trips without an answer", 20, .count, source: "own; a path this slow answers later")
    static let flights = Threshold(
        "datagrams of the client's first packets", 3, .count, source: "RFC 9002 section 6.2.2: the timer doubles")

    /// Rules that mean that a connection failed.
    static let names: Set<String> = ["connections_refused", "handshake_failed", "handshake_stalled"]

    static let rules: [Rule] = [
        Rule(
            56, "connections_refused", .connection, symptom: "The player cannot connect at all.", thresholds: [],
            silentWhen: [
                "the client gave the attempt up itself", "nothing answers",
                "the reset acknowledges nothing of this attempt",
            ], hold: .atOnce,
            judge: .flow(refused)),
        Rule(
            57, "handshake_failed", .connection, symptom: "Connections break off before any data flows.",
            thresholds: [],
            silentWhen: ["the client closed before its hello", "the capture misses a part of the handshake"],
            hold: .atOnce, needs: .security, judge: .flow(broken)),
        Rule(
            58, "handshake_stalled", .connection, symptom: "Connecting hangs: the hello gets no answer.",
            thresholds: [silence, trips, flights],
            silentWhen: ["the hello was not acknowledged", "only one direction was captured"], yieldsTo: [26, 57],
            hold: .atOnce, judge: .flow(stalled)),
    ]

    /// The connection failed before it carried data.
    static func hasFailed(_ flow: FlowSnapshot) -> Bool {
        refused(flow) != nil || broken(flow) != nil || stalled(flow) != nil
    }

    // MARK: Refused

    /// A reset answers the SYN (RFC 9293 section 3.5.2).
    private static func refused(_ flow: FlowSnapshot) -> Finding? {
        if let unreachable = flow.$unreachable { return undelivered(flow, unreachable.value) }
        guard let tcp = flow.$tcp, flow.orientation == .syn, flow.state == .reset,
            let asked = tcp.value.opening.syn, tcp.value.opening.synAck == nil, tcp.value.server.resets > 0,
            tcp.value.client.resets == 0
        else { return nil }
        let times = tcp.value.synRetransmissions + 1
        let after = flow.server.lastPacket.map { max(0, $0 - asked) }
        var evidence: [Verdict.Evidence] = [
            .init("syns", Double(times)), .init("resets", Double(tcp.value.server.resets)),
        ]
        if let after { evidence.append(.init("refused_after_ms", after.milliseconds)) }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "\(flow.server.endpoint) refuses: a reset answered \(times == 1 ? "the SYN" : "each of \(times) SYNs")\(after.map { " after \(FigureText.time($0))" } ?? "")",
            evidence: evidence,
            advice:
                "At the server: start what listens on port \(flow.server.endpoint.port), or correct the address that clients are given; a firewall that rejects looks the same.",
            confidence: 0.95, ofMany: "are refused")
    }

    /// An ICMP message answers the first packets, and nothing else does (RFC 1122 section 4.2.3.9).
    private static func undelivered(_ flow: FlowSnapshot, _ message: UnreachableSnapshot) -> Finding? {
        guard message.of == .fromClient, flow.server.packets == 0,
            flow.transport == .udp || flow.orientation == .syn
        else { return nil }
        let isServer = message.from == flow.server.endpoint.address
        let why =
            switch message.reason {
            case .network: "no route to its network"
            case .host: "the host does not answer there"
            case .protocol: "it does not speak \(flow.transport == .tcp ? "TCP" : "UDP")"
            case .port: "nothing listens on the port"
            case .prohibited: "a rule forbids it"
            }
        let after = max(0, message.time - flow.start)
        return Finding(
            severity: .warning, subject: isServer ? .server : .path,
            summary:
                "\(flow.server.endpoint) cannot be reached: \(isServer ? "it" : "\(message.from)") says by ICMP after \(FigureText.time(after)): \(why)",
            evidence: [
                .init("icmp_unreachable", Double(message.count)), .init("refused_after_ms", after.milliseconds),
            ],
            advice: isServer
                ? "At the server: start what listens on port \(flow.server.endpoint.port), or open the port in its firewall."
                : "At \(message.from): its routes and its rules towards \(flow.server.endpoint.address).",
            confidence: 0.95, ofMany: "cannot be reached: \(why)")
    }

    // MARK: Broken off

    private static func broken(_ flow: FlowSnapshot) -> Finding? {
        guard let security = flow.security, let hello = step(.clientHello, of: security), isWhole(flow) else {
            return nil
        }
        if let quic = flow.quic { return brokenQUIC(flow, quic) }
        guard security.handshake.kind == .incomplete else { return nil }
        let answered = step(.serverHello, of: security) != nil
        let stage = answered ? "after the ServerHello" : "after the ClientHello"
        if case .alert(let alert)? = flow.$handshake?.value.failure {
            let name = alert.description ?? "an alert without a name"
            let size = hello.bytes.map { " (hello of \(FigureText.bytes($0)))" } ?? ""
            return Finding(
                severity: .warning, subject: alert.from == .fromClient ? .client : .server,
                summary: "The \(end(alert.from)) broke the handshake off with the alert \(name)\(size)",
                evidence: [.init("alert", 1), .init("broken_after_ms", max(0, alert.time - hello.time).milliseconds)],
                advice: advice(forAlert: name, from: alert.from), confidence: 0.95,
                ofMany: "end in the \(end(alert.from))'s alert \(name)")
        }
        guard flow.transport == .tcp, let tcp = flow.$tcp else { return nil }
        let isReset = flow.state == .reset
        guard isReset || flow.state == .closed || tcp.value.client.fins + tcp.value.server.fins > 0 else { return nil }
        guard let by = breaker(of: flow, tcp.value, isReset: isReset) else { return nil }
        // Whoever waited long enough and then left is not the one who failed.
        if by == .fromClient, !answered, waited(flow, since: hello.time, hasLeft: true) != nil { return nil }
        let after = max(0, flow.end - hello.time)
        // A client that turns away at once has found another way in (RFC 8305 section 5).
        let isRace = by == .fromClient && !answered && after < .milliseconds(Int64(silence.value))
        let isElsewhere = flow.anomalies[.resetFromElsewhere] > 0 && isReset
        let verb = isReset ? "reset" : "closed"
        return Finding(
            severity: isRace ? .info : .warning,
            subject: isElsewhere ? .path : by == .fromClient ? .client : .server,
            summary: isElsewhere
                ? "Something on the path reset the connection \(stage): the reset did not come from where the packets come from"
                : "The \(end(by)) \(verb) the connection \(stage)",
            evidence: [.init("broken_after_ms", after.milliseconds)]
                + (hello.bytes.map { [.init("hello_bytes", Double($0))] } ?? []),
            advice: by == .fromClient
                ? "At the client: its log says why (certificate, version, its own time limit)."
                : "At the server or what stands before it: versions, certificate and name (SNI) it accepts, size of the hello it can read, its log.",
            confidence: 0.9, ofMany: "are \(verb) \(stage)\(isElsewhere ? "" : " by the \(end(by))")")
    }

    private static func brokenQUIC(_ flow: FlowSnapshot, _ quic: QUICSnapshot) -> Finding? {
        guard let close = quic.close, quic.handshake.firstClientData == nil, quic.handshake.confirmed == nil,
            close.code != 0 || close.by == .fromServer
        else { return nil }
        let reason = close.reason.isEmpty ? "" : " (\(close.reason))"
        return Finding(
            severity: .warning, subject: close.by == .fromClient ? .client : .server,
            summary:
                "The \(end(close.by)) closed the QUIC connection in its handshake with error 0x\(String(close.code, radix: 16))\(reason)",
            evidence: [.init("error_code", Double(close.code))],
            advice:
                "At the \(end(close.by)): its log says why; codes 0x100 to 0x1ff are TLS alerts (RFC 9001 section 4.8).",
            confidence: 0.95, ofMany: "are closed in the handshake with error 0x\(String(close.code, radix: 16))")
    }

    /// Who ended it.
    private static func breaker(of flow: FlowSnapshot, _ tcp: TCPSnapshot, isReset: Bool) -> Direction? {
        if isReset {
            // A reset answers one that came before: the first tells, and an end that only answers has no data to send.
            if tcp.server.resets > 0, tcp.client.resets == 0 { return .fromServer }
            if tcp.client.resets > 0, tcp.server.resets == 0 { return tcp.server.fins > 0 ? .fromServer : .fromClient }
            return .fromServer
        }
        return tcp.firstFin
    }

    private static func advice(forAlert name: String, from: Direction) -> String {
        let other = from == .fromClient ? "server" : "client"
        return switch name {
        case "handshake_failure", "insufficient_security":
            "Client and server share no cipher suite or group: enable at the \(end(from)) what the \(other) offers."
        case "protocol_version": "Client and server share no TLS version: enable 1.2 and 1.3 at the \(end(from))."
        case "unrecognized_name": "At the server: configure the name that clients ask for (SNI)."
        case "no_application_protocol": "Client and server share no ALPN protocol: offer h2 and http/1.1."
        case let name where name.contains("certificate") || name == "unknown_ca":
            "At the \(other): renew or complete the certificate chain; the \(end(from)) does not accept it."
        default: "At the \(end(from)): its log says why."
        }
    }

    // MARK: Silent

    private static func stalled(_ flow: FlowSnapshot) -> Finding? {
        if let quic = flow.quic { return stalledQUIC(flow, quic) }
        guard let security = flow.security, flow.transport == .tcp, let tcp = flow.$tcp, isWhole(flow),
            security.handshake.kind == .incomplete, let hello = step(.clientHello, of: security),
            step(.serverHello, of: security) == nil, security.alerts.isEmpty, flow.server.payloadBytes == 0,
            tcp.value.client.outstandingBytes == 0,
            let waited = waited(flow, since: hello.time, hasLeft: tcp.value.client.fins > 0)
        else { return nil }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "\(flow.server.endpoint) acknowledged the ClientHello and has said nothing for \(FigureText.time(waited))",
            evidence: [.init("silent_ms", waited.milliseconds)],
            advice:
                "At the server: what accepts connections lives, what should answer them hangs: the process or proxy behind the port, its workers, its key store.",
            confidence: 0.9, ofMany: "get no answer to their ClientHello, which is acknowledged")
    }

    /// How long the client waited for an answer to its hello, where that is too long.
    private static func waited(_ flow: FlowSnapshot, since hello: Timestamp, hasLeft: Bool) -> Nanoseconds? {
        // Until it left, or until now.
        let end = flow.endedAgo(at: flow.time) == nil && !hasLeft ? max(flow.time, flow.end) : flow.end
        let waited = end - hello
        let trip = flow.roundTrip.handshake ?? flow.roundTrip.server?.minimum ?? 0
        let (slow, overflow) = trip.multipliedReportingOverflow(by: Int64(trips.value))
        guard !overflow, waited >= max(.milliseconds(Int64(silence.value)), slow) else { return nil }
        return waited
    }

    private static func stalledQUIC(_ flow: FlowSnapshot, _ quic: QUICSnapshot) -> Finding? {
        guard let asked = quic.handshake.firstInitial, quic.close == nil, quic.handshake.firstClientData == nil,
            quic.handshake.confirmed == nil, flow.orientation == .quicInitial, flow.$unreachable == nil
        else { return nil }
        let under = flow.end - asked
        // Three first packets may be one large hello: only with a timer's second between them do they say something.
        let isRepeated = quic.clientInitials >= Int(flights.value) && under >= .seconds(1) && flow.server.packets == 0
        guard under >= .milliseconds(Int64(silence.value)) || isRepeated else { return nil }
        let port = flow.server.endpoint.port
        var evidence: [Verdict.Evidence] = [
            .init("under_way_ms", under.milliseconds), .init("client_initials", Double(quic.clientInitials)),
            .init("server_packets", Double(flow.server.packets)),
        ]
        if let fallback = quic.fallback {
            evidence.append(.init("fallback_after_ms", max(0, fallback - asked).milliseconds))
        }
        guard flow.server.packets > 0 else {
            return Finding(
                severity: .warning, subject: .path,
                summary:
                    "QUIC to \(flow.server.endpoint) gets no answer: \(FigureText.count(quic.clientInitials, "first packet", "first packets")) in \(FigureText.time(under))",
                evidence: evidence,
                advice: "On the path: let UDP \(port) through both ways. At the server: check that QUIC listens there.",
                confidence: 0.85, restsOnSilence: true, ofMany: "get no answer to QUIC")
        }
        let isClientSilent = flow.server.packets > flow.client.packets && quic.clientInitials < Int(flights.value)
        let largest = flow.datagramSizes?.server.maximum ?? 0
        let stage: String
        if isClientSilent {
            stage =
                "the server repeats its answer and the client does not go on: lost between the capture point and the client"
        } else if largest < 1200 {
            stage =
                "only small datagrams come from the server (at most \(largest) B): its large ones are lost on the way here"
        } else {
            stage = "both sides speak and do not get on"
        }
        return Finding(
            severity: .warning, subject: .path,
            summary: "The QUIC handshake is under way for \(FigureText.time(under)) and does not end: \(stage)",
            evidence: evidence,
            advice:
                "Check that the path carries UDP datagrams of 1200 bytes both ways (RFC 9000 section 14.1), and firewalls that track UDP.",
            confidence: 0.8, ofMany: "do not complete the QUIC handshake")
    }

    // MARK: What was captured

    private static func step(_ name: HandshakeStepName, of security: TLSSnapshot) -> HandshakeStep? {
        security.handshake.timeline.last { $0.step == name }
    }

    /// The beginning was captured and nothing of it is missing.
    private static func isWhole(_ flow: FlowSnapshot) -> Bool {
        guard flow.client.packets > 0, flow.server.packets > 0 else { return false }
        guard let tcp = flow.$tcp else { return true }
        return flow.orientation == .syn && tcp.value.client.lostBeforeCapture == 0
            && tcp.value.server.lostBeforeCapture == 0 && flow.decode.truncated == 0
    }

    private static func end(_ direction: Direction) -> String { direction == .fromClient ? "client" : "server" }
}
