import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func httpSection(_ http: HTTPSnapshot) {
        object("http") { json in
            json.array("exchanges", http.exchanges) { json, exchange in
                json.object { $0.exchangeMembers(exchange) }
            }
            json.object("counts") { json in
                json.member("requests", http.counts.requests)
                json.member("responses", http.counts.responses)
                json.member("errors", http.counts.errors)
                if http.counts.forgotten > 0 { json.member("forgotten", http.counts.forgotten) }
            }
            guard let times = http.timeToFirstByte else { return }
            json.object("ttfb") { json in
                json.member("samples", times.samples)
                json.milliseconds("p50_ms", times.p50)
                json.milliseconds("p95_ms", times.p95)
                json.milliseconds("max_ms", times.maximum)
            }
        }
    }

    mutating func exchangeMembers(_ exchange: HTTPExchangeSnapshot) {
        member("id", exchange.identifier)
        member("stream", exchange.stream)
        member("method", exchange.method)
        member("url", exchange.url)
        member("status", exchange.status)
        if let time = exchange.requestTime { self.time("request_ts", time) }
        milliseconds("request_ms", exchange.requestDuration)
        milliseconds("ttfb_ms", exchange.timeToFirstByte)
        milliseconds("round_trip_ms", exchange.roundTrip)
        milliseconds("held_ms", exchange.held)
        member("held_by", exchange.heldBy)
        milliseconds("server_ms", exchange.server)
        milliseconds("transfer_ms", exchange.transfer)
        milliseconds("stall_ms", exchange.stall)
        milliseconds("idle_ms", exchange.idle)
        milliseconds("duration_ms", exchange.duration)
        member("request_bytes", exchange.requestBytes)
        member("response_bytes", exchange.responseBytes)
        member("content_type", exchange.contentType)
        if let chunks = exchange.chunks {
            member("chunked", true)
            member("chunks", chunks)
        }
        spread("chunk_interval_ms", exchange.chunkIntervals)
        if let cache = exchange.cache {
            object("cache") { json in
                json.member("state", cache.state)
                json.member("age_s", cache.age)
                json.member("source", cache.source)
            }
        }
        member("state", exchange.state)
        member("error", exchange.errorName ?? exchange.errorCode.map { "0x" + String($0, radix: 16) })
        if exchange.isPushed { member("pushed", true) }
        if exchange.isEarly { member("early_data", true) }
        if !exchange.clientData.isEmpty {
            object("cmcd") { json in
                json.member("version", exchange.clientDataVersion)
                json.member("mode", exchange.clientDataMode)
                json.mediaData(exchange.clientData)
            }
        }
        guard let server = exchange.serverData else { return }
        if !server.timings.isEmpty { array("server_timing", server.timings) { $0.hop($1) } }
        guard !server.fixed.isEmpty || !server.hops.isEmpty else { return }
        object("cmsd") { json in
            json.object("static") { $0.mediaData(server.fixed) }
            json.array("dynamic", server.hops) { $0.hop($1) }
        }
    }

    private mutating func hop(_ hop: HTTPServerDataSnapshot.Hop) {
        object { json in
            json.member("n", hop.name)
            json.mediaData(hop.data)
        }
    }

    /// Keys of CTA-5004 and CTA-5006 as sent. `version` and `mode` are ours: keys of those names are not written.
    private mutating func mediaData(_ data: [HTTPClientDatum]) {
        for datum in data where !["version", "mode"].contains(datum.key) {
            keyEscaped(datum.key)
            mediaValue(datum.value)
        }
    }

    private mutating func mediaValue(_ value: HTTPClientDatum.Value) {
        switch value {
        case .number(let number): decimal(number)
        case .text(let text): string(text)
        case .flag(let flag): boolean(flag)
        case .list(let members):
            array(members) { json, member in
                json.object { json in
                    json.keyEscaped("value")
                    json.mediaValue(member.value)
                    json.member("type", member.type)
                }
            }
        }
    }

    mutating func http3Section(_ http3: HTTP3Snapshot) {
        object("http3") { json in
            json.member("streams", http3.streams)
            json.member("push_promises", http3.pushPromises)
            let overhead = http3.client.overheadBytes &+ http3.server.overheadBytes
            let payload = http3.client.payloadBytes &+ http3.server.payloadBytes
            json.member("overhead_bytes", overhead)
            json.member("payload_bytes", payload)
            if overhead &+ payload > 0 {
                json.ratio("overhead_ratio", Double(overhead) / Double(overhead &+ payload))
            }
            json.http3Endpoint("client", http3.client)
            json.http3Endpoint("server", http3.server)
            json.headOfLine(http3.headOfLine)
            if http3.blockedSections > 0 {
                json.member("blocked_sections", http3.blockedSections)
                json.milliseconds("blocked_sections_ms", http3.blockedTime)
            }
            if http3.undecodedSections > 0 { json.member("undecoded_sections", http3.undecodedSections) }
            if http3.lostStreams > 0 { json.member("lost_streams", http3.lostStreams) }
            if http3.violations > 0 { json.member("violations", http3.violations) }
            if !http3.webTransport.isEmpty {
                json.array("webtransport", http3.webTransport) { $0.webTransport($1) }
            }
        }
    }

    private mutating func webTransport(_ session: WebTransportSnapshot) {
        object { json in
            json.member("stream", session.identifier)
            json.member("url", session.url)
            json.member("subprotocol", session.subprotocol)
            json.time("start", session.start)
            json.member("accepted", session.isAccepted)
            json.milliseconds("setup_ms", session.setup)
            if let end = session.end { json.time("end", end) }
            json.member("close_code", session.closeCode)
            json.member("close_reason", session.closeReason)
            json.webTransportEnd("client", session.ends.client)
            json.webTransportEnd("server", session.ends.server)
        }
    }

    private mutating func webTransportEnd(_ name: StaticString, _ end: WebTransportSnapshot.End) {
        object(name) { json in
            json.member("unidirectional_streams", end.unidirectional)
            json.member("bidirectional_streams", end.bidirectional)
            json.member("stream_bytes", end.bytes)
            json.member("datagrams", end.datagrams)
            json.member("datagram_bytes", end.datagramBytes)
            json.member("resets", end.resets)
        }
    }

    mutating func moqSection(_ media: MediaOverQUICSnapshot) {
        object("moq") { json in
            json.member("name", media.name)
            json.member("draft", media.draft)
            json.object("streams") { json in
                json.member("client", media.streams.client)
                json.member("server", media.streams.server)
            }
            json.member("tracks", media.tracks)
            json.member("groups", media.groups)
            json.spread("group_interval_ms", media.groupInterval)
        }
    }

    private mutating func http3Endpoint(_ name: StaticString, _ endpoint: HTTP3EndpointSnapshot) {
        object(name) { json in
            json.object("frames") { json in
                for frame in endpoint.frames { json.member(named: frame.name, frame.count) }
            }
            if let settings = endpoint.settings {
                json.object("settings") { $0.quicParameterMembers(settings) }
            }
            json.member("overhead_bytes", endpoint.overheadBytes)
            json.member("payload_bytes", endpoint.payloadBytes)
            json.member("qpack_bytes", endpoint.qpackStreamBytes)
            json.member("goaway", endpoint.goAway)
        }
    }
}
