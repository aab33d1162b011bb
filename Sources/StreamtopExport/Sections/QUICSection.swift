import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func quicSection(_ quic: QUICSnapshot) {
        object("quic") { json in
            json.member("version", quic.version)
            if !quic.versionsOffered.isEmpty {
                json.array("versions_offered", quic.versionsOffered) { $0.string($1) }
            }
            json.member("version_negotiation", quic.hasVersionNegotiation)
            json.member("retry", quic.hasRetry)
            json.member("retry_tag_valid", quic.isRetryTagValid)
            json.member("decrypted", quic.isDecrypted)
            json.quicIdentifiers(quic)
            json.quicPackets(quic)
            json.quicPath(quic)
            json.object("transport_parameters") { json in
                json.quicParameters("client", quic.clientParameters)
                json.quicParameters("server", quic.serverParameters)
            }
            json.quicEndpoint("client", quic.client)
            json.quicEndpoint("server", quic.server)
            json.quicClose(quic.close)
            if let fallback = quic.fallback { json.time("tcp_fallback_ts", fallback) }
        }
    }

    private mutating func quicIdentifiers(_ quic: QUICSnapshot) {
        array("client_cids", quic.clientConnectionIDs) { $0.string($1) }
        array("server_cids", quic.serverConnectionIDs) { $0.string($1) }
        member("original_dcid", quic.originalDestinationID)
    }

    private mutating func quicPackets(_ quic: QUICSnapshot) {
        object("packets") { json in
            json.member("initial", quic.packets.initial)
            json.member("handshake", quic.packets.handshake)
            json.member("zero_rtt", quic.packets.zeroRTT)
            json.member("one_rtt", quic.packets.oneRTT)
            json.member("retry", quic.packets.retry)
            json.member("version_negotiation", quic.packets.versionNegotiation)
            json.member("undecryptable", quic.packets.undecryptable)
            json.member("undecodable", quic.packets.undecodable)
        }
        member("coalesced", quic.packets.coalesced)
        guard let early = quic.zeroRTT else { return }
        object("zero_rtt") { json in
            json.member("packets", early.packets)
            json.member("bytes", early.bytes)
            json.member("before_initial", early.beforeInitial)
            json.member("accepted", early.accepted)
        }
    }

    private mutating func quicPath(_ quic: QUICSnapshot) {
        object("spin") { json in
            json.member("seen", quic.spin.isUsed)
            json.member("edges", quic.spin.edges)
            json.member("rejected", quic.spin.rejected)
        }
        array("migrations", quic.migrations) { json, move in
            json.object { json in
                json.time("ts", move.time)
                json.member("from", move.from.description)
                json.member("to", move.to.description)
                json.member("validated", move.isValidated)
            }
        }
        member("key_updates", quic.keyUpdates)
        ratio("amplification_ratio", quic.amplificationRatio)
        milliseconds("amplification_blocked_ms", quic.amplificationBlocked)
        if quic.isResetSuspected { member("stateless_reset_suspected", true) }
    }

    private mutating func quicParameters(_ name: StaticString, _ parameters: [QUICParameter]) {
        guard !parameters.isEmpty else { return }
        object(name) { $0.quicParameterMembers(parameters) }
    }

    mutating func quicParameterMembers(_ parameters: [QUICParameter]) {
        for parameter in parameters {
            if case .text("") = parameter.value { continue }
            keyEscaped(parameter.name)
            switch parameter.value {
            case .number(let number): unsigned(number)
            case .text(let text): string(text)
            case .flag: boolean(true)
            case .list(let list): array(list) { $0.string($1) }
            }
        }
    }

    private mutating func quicEndpoint(_ name: StaticString, _ endpoint: QUICEndpointSnapshot) {
        object(name) { json in
            json.member("acked_packets", endpoint.ackedPackets)
            json.member("lost_packets", endpoint.lostPackets)
            json.member("spurious_losses", endpoint.spuriousLosses)
            json.inFlight(endpoint.inFlight)
            json.congestionWindow(endpoint.congestionWindow)
            json.congestionControl(endpoint.congestionControl)
            if !endpoint.frames.isEmpty {
                json.object("frames") { json in
                    for frame in endpoint.frames { json.member(named: frame.name, frame.count) }
                }
            }
            json.member("flow_control_blocked", endpoint.flowControlBlocked)
            json.member("streams", endpoint.streams)
            json.member("stream_bytes", endpoint.streamBytes)
            if endpoint.forgottenStreams > 0 { json.member("forgotten_streams", endpoint.forgottenStreams) }
            json.member("pmtu_bytes", endpoint.pathMTU)
            if endpoint.mtuProbes > 0 { json.member("mtu_probes", endpoint.mtuProbes) }
            json.object("ecn") { json in
                json.member("ect_packets", endpoint.ectPackets)
                json.member("ce_packets", endpoint.cePackets)
            }
        }
    }

    private mutating func quicClose(_ close: QUICClose?) {
        guard let close else { return }
        object("close") { json in
            json.member("code", close.code)
            json.member("application", close.isApplication)
            if !close.reason.isEmpty { json.member("reason", close.reason) }
            json.member("by", close.by)
            json.time("ts", close.time)
        }
    }
}
