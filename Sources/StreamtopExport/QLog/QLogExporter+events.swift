import StreamtopBase
import StreamtopModel

/// The events of a flow in order of time.
extension QLogExporter {
    func events(_ flow: FlowSnapshot) -> [QLogEvent] {
        let namespace = flow.quic == nil ? "tcp" : "quic"
        var list = [started(flow, namespace)]
        if let quic = flow.quic { list += connection(quic, flow) }
        list += handshake(flow.tls, namespace)
        if let quic = flow.quic { list += packets(quic, end: flow.end) }
        list += samples(flow, namespace)
        if flow.state == .closed || flow.state == .reset { list.append(ended(flow, namespace)) }
        // Events of one moment keep the order in which they were listed.
        return list.enumerated().sorted { left, right in
            left.element.time == right.element.time
                ? left.offset < right.offset : left.element.time < right.element.time
        }.map(\.element)
    }

    private func started(_ flow: FlowSnapshot, _ namespace: String) -> QLogEvent {
        QLogEvent(time: flow.start, name: namespace + ":connection_started") { json in
            json.qlogEnd("local", flow.client.endpoint)
            json.qlogEnd("remote", flow.server.endpoint)
        }
    }

    private func connection(_ quic: QUICSnapshot, _ flow: FlowSnapshot) -> [QLogEvent] {
        var list: [QLogEvent] = []
        list.append(
            QLogEvent(time: flow.start, name: "quic:version_information") { json in
                if !quic.versionsOffered.isEmpty {
                    json.array(
                        quic.hasVersionNegotiation ? "server_versions" : "client_versions", quic.versionsOffered
                    ) { $0.string($1) }
                }
                json.member("chosen_version", quic.version)
            })
        for (parameters, initiator, time) in [
            (quic.clientParameters, "local", quic.handshake.firstInitial),
            (quic.serverParameters, "remote", quic.handshake.serverHandshake),
        ] where !parameters.isEmpty {
            list.append(
                QLogEvent(time: time ?? flow.start, name: "quic:parameters_set") { json in
                    json.member("initiator", initiator)
                    json.quicParameterMembers(parameters)
                })
        }
        if let alpn = flow.tls?.alpn {
            list.append(
                QLogEvent(time: quic.handshake.serverHandshake ?? flow.start, name: "quic:alpn_information") { json in
                    json.object("chosen_alpn") { $0.member("string_value", alpn) }
                })
        }
        for move in quic.migrations {
            list.append(
                QLogEvent(time: move.time, name: "quic:tuple_assigned") { json in
                    json.member("tuple_id", move.to.description)
                    json.qlogEnd("tuple_local", move.to)
                })
        }
        if let time = quic.handshake.confirmed {
            list.append(
                QLogEvent(time: time, name: "quic:connection_state_updated") { $0.member("new", "handshake_confirmed") }
            )
        }
        return list
    }

    /// TLS steps have no events of their own in qlog.
    private func handshake(_ tls: TLSSnapshot?, _ namespace: String) -> [QLogEvent] {
        (tls?.handshake.timeline ?? []).map { step in
            QLogEvent(time: step.time, name: "streamtop:handshake_step") { json in
                json.member("step", step.step.rawValue)
                json.member("from", step.from)
                json.member("bytes", step.bytes)
            }
        }
    }

    /// The charts' values: per sample one event for each end that sends, and one for its losses.
    private func samples(_ flow: FlowSnapshot, _ namespace: String) -> [QLogEvent] {
        guard let series = flow.series else { return [] }
        var list: [QLogEvent] = []
        for step in 0..<series.count {
            let time = series.times[step]
            let trip = Direction.allCases.compactMap { series.value(.roundTrip, $0, at: step) }
            for direction in Direction.allCases {
                let flight = series.value(.inFlight, direction, at: step)
                let window = series.value(.congestionWindow, direction, at: step)
                guard flight != nil || window != nil || (direction == .fromClient && !trip.isEmpty) else { continue }
                list.append(
                    QLogEvent(time: time, name: namespace + ":recovery_metrics_updated") { json in
                        json.member("sender", direction)
                        if !trip.isEmpty { json.milliseconds("smoothed_rtt", Nanoseconds(trip.reduce(0, +))) }
                        json.member("bytes_in_flight", flight.map { Int($0) })
                        json.member("congestion_window", window.map { Int($0) })
                    })
                let lost = Int(series.value(.losses, direction, at: step) ?? 0)
                guard lost > 0 else { continue }
                list.append(
                    QLogEvent(time: time, name: "streamtop:packets_lost") { json in
                        json.member("sender", direction)
                        json.member("count", lost)
                    })
            }
        }
        return list
    }

    private func ended(_ flow: FlowSnapshot, _ namespace: String) -> QLogEvent {
        let close = flow.quic?.close
        return QLogEvent(time: close?.time ?? flow.end, name: namespace + ":connection_closed") { json in
            if let close {
                json.member("initiator", close.by == .fromClient ? "local" : "remote")
                json.member(close.isApplication ? "application_error_code" : "connection_error_code", close.code)
                json.member("reason", close.reason)
            } else {
                json.member("trigger", flow.state == .reset ? "reset" : "clean")
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func qlogEnd(_ name: StaticString, _ end: Endpoint) {
        object(name) { json in
            json.member(end.address.isIPv4 ? "ip_v4" : "ip_v6", end.address.description)
            json.member(end.address.isIPv4 ? "port_v4" : "port_v6", end.port)
        }
    }
}
