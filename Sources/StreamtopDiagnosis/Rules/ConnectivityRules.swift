import StreamtopBase
import StreamtopModel

/// What keeps a connection from working at all (rules 17 to 19).
enum ConnectivityRules {
    static let syns = Threshold("repeated SYNs", 1, .count, source: "RFC 6298 section 2.1")
    static let fragments = Threshold("fragments, at least", 20, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            17, "syn_loss", .connectivity, symptom: "Connecting takes a second or more, or never ends.",
            thresholds: [syns], silentWhen: ["the server answered with a reset: it refused"], hold: .atOnce,
            needs: .tcp, judge: .flow(synLoss)),
        Rule(
            18, "pmtud_black_hole", .connectivity, symptom: "Small packets pass, full ones vanish.", thresholds: [],
            silentWhen: ["ICMP too-big messages reach the sender"], hold: .atOnce, needs: .fragmentation,
            judge: .flow(blackHole)),
        Rule(
            19, "fragmented_datagrams", .path, symptom: "Datagrams are larger than the path and travel in pieces.",
            thresholds: [fragments], hold: .atOnce, needs: .fragmentation, judge: .flow(fragmented)),
    ]

    private static func synLoss(_ flow: FlowSnapshot) -> Finding? {
        guard let tcp = flow.$tcp, flow.orientation == .syn, flow.state != .reset else { return nil }
        let asked = tcp.value.synRetransmissions
        let answered = tcp.value.synAckRetransmissions
        guard asked + answered >= Int(syns.value) else { return nil }
        let isSilent = flow.server.packets == 0
        // A message that says why is an answer, and rule 56's.
        guard !isSilent || flow.$unreachable == nil else { return nil }
        let summary: String
        if isSilent {
            summary =
                "\(flow.server.endpoint) does not answer: \(FigureText.count(asked + 1, "SYN", "SYNs")) sent, nothing came back"
        } else if asked > 0 {
            summary =
                "The client had to ask \(asked + 1) times to connect; each wait is a second or more"
        } else {
            summary =
                "The server's SYN-ACK had to be sent \(answered + 1) times: it or its acknowledgement is lost"
        }
        var finding = Finding(
            severity: isSilent && asked >= 2 ? .critical : .warning,
            subject: isSilent ? .server : .path, summary: summary,
            evidence: [
                .init("syn_retransmissions", Double(asked)), .init("syn_ack_retransmissions", Double(answered)),
            ],
            advice:
                "Check firewalls on the way. At the server: a full backlog drops SYNs (net.core.somaxconn, net.ipv4.tcp_max_syn_backlog, the application's listen backlog).",
            confidence: 0.9, restsOnSilence: isSilent)
        judgeBacklog(flow, &finding)
        return finding
    }

    /// The server is this host: its kernel tells whether a backlog turned the SYN away, or none did.
    private static func judgeBacklog(_ flow: FlowSnapshot, _ finding: inout Finding) {
        guard flow.hostEnd == .fromServer, let host = flow.$host?.value else { return }
        let port = "tcp:\(flow.server.endpoint.port)"
        let queue = host.layers.first { $0.layer == .acceptQueue && $0.name == port }
        let overflows = host.counter("TcpExt.ListenOverflows")
        let requests = host.counter("TcpExt.TCPReqQFullDrop")
        if let queue, let occupied = queue.occupied, let capacity = queue.capacity, occupied > capacity,
            let overflows
        {
            finding.subject = .host
            finding.summary +=
                ": its SYN was turned away here, the accept queue of \(port) is full (\(occupied) of \(capacity))"
            finding.evidence.append(.init("listen_overflows", Double(overflows.rise)))
            let cap = host.settings.listenBacklog.flatMap {
                $0 <= capacity
                    ? " and sysctl -w net.core.somaxconn=\(max(4_096, capacity * 2)) (now \($0), which caps it)" : nil
            }
            finding.advice =
                "On this host, the application behind \(port): accept faster, or a larger backlog in listen(2) (now \(capacity))\(cap ?? "")."
            finding.restsOnSilence = false
        } else if let requests, requests.perSecond > 0 {
            finding.subject = .host
            finding.summary += ": this host drops SYNs, its backlog of half-open connections is full"
            finding.evidence.append(.init("syn_backlog_drops", Double(requests.rise)))
            finding.advice =
                "On this host: sysctl -w net.ipv4.tcp_max_syn_backlog=\(max(4_096, (host.settings.synBacklog ?? 0) * 2))\(host.settings.synBacklog.map { " (now \($0))" } ?? ""), net.ipv4.tcp_syncookies=1. Risk: memory."
            finding.restsOnSilence = false
        } else if overflows == nil, requests == nil {
            finding.evidence.append(.init("listen_overflows", 0))
            finding.advice =
                "No backlog of this host overflowed: look at firewalls on the way and on this host (nft list ruleset), and at the way back."
        }
    }

    private static func blackHole(_ flow: FlowSnapshot) -> Finding? {
        guard let fragmentation = flow.fragmentation, fragmentation.blackHoleSuspected else { return nil }
        return Finding(
            severity: .critical, subject: .path,
            summary:
                "Full-size packets vanish while small ones pass: a link with a smaller MTU drops them without saying so",
            evidence: [.init("icmp_too_big", Double(fragmentation.tooBig.count))],
            advice: "Let ICMP \"too big\" pass, or clamp the MSS at the router (--clamp-mss-to-pmtu)." + probing(flow),
            confidence: 0.85)
    }

    /// Probing at the sender, unless that is this host and does it already.
    private static func probing(_ flow: FlowSnapshot) -> String {
        guard let local = LocalEnd(flow), local.settings.mtuProbing != nil else {
            return " At the sender: net.ipv4.tcp_mtu_probing=1."
        }
        return local.mtuProbing.map {
            " At the sender of the large packets; \($0.prefix(1).lowercased() + $0.dropFirst())"
        }
            ?? " This host probes already (net.ipv4.tcp_mtu_probing=\(local.settings.mtuProbing ?? 1)): the same at the peer, if it sends the large packets."
    }

    private static func fragmented(_ flow: FlowSnapshot) -> Finding? {
        guard flow.transport == .udp, let fragmentation = flow.fragmentation,
            fragmentation.fragments >= Int(fragments.value)
        else { return nil }
        let lost = fragmentation.incomplete
        let cost =
            lost > 0
            ? "; \(FigureText.count(lost, "datagram was", "datagrams were")) lost with \(FigureText.bytes(Int(clamping: fragmentation.wastedBytes))) that had arrived"
            : ""
        return Finding(
            severity: lost > 0 ? .warning : .info, subject: .path,
            summary: "Datagrams exceed the path's MTU and travel as \(fragmentation.fragments) fragments\(cost)",
            evidence: [
                .init("fragments", Double(fragmentation.fragments)),
                .init("datagrams", Double(fragmentation.datagrams)),
                .init("incomplete", Double(lost)),
            ],
            advice:
                "At the sender: packets of at most 1200 bytes (RTP payload size, QUIC max_udp_payload_size). One lost fragment loses the whole datagram.",
            confidence: 0.95)
    }
}
