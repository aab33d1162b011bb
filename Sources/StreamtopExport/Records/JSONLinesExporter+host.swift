import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// The buffers of this host at one moment; `verdicts` are those about host and capture.
    package mutating func appendHost(_ host: HostSnapshot, verdicts: [Verdict], to buffer: inout RecordBuffer) {
        record("host", to: &buffer) { json in
            json.time("ts", host.time)
            json.array("layers", host.layers) { json, layer in json.object { $0.layer(layer) } }
            json.array("unread", host.unread) { json, unread in
                json.object { json in
                    json.member("layer", unread.layer)
                    json.member("name", unread.name)
                    json.member("reason", unread.reason)
                }
            }
            json.object("sockets") { json in
                json.member("tcp", host.sockets.tcp)
                json.member("udp", host.sockets.udp)
                json.member("listening", host.sockets.listening)
                json.member("tcp_memory_bytes", host.sockets.tcpMemory)
            }
            json.array("fullest", host.fullest.prefix(16)) { json, holding in
                json.object { json in
                    json.member("transport", holding.transport)
                    json.member("local", holding.local.description)
                    json.member("remote", holding.remote.description)
                    json.member("unread_bytes", holding.unread)
                    json.member("unsent_bytes", holding.unsent)
                    json.member("drops", holding.drops)
                    json.member("namespace", holding.namespace)
                    if let process = holding.process { json.process("process", process) }
                }
            }
            json.array("counters", host.counters) { json, counter in
                json.object { json in
                    json.member("name", counter.name)
                    json.member("rise", counter.rise)
                    json.ratio("per_s", counter.perSecond)
                    json.member("namespace", counter.namespace)
                }
            }
            json.ratio("cpu_pressure_ratio", host.processorPressure)
            if host.repeatedReadings > 0 { json.member("repeated_readings", host.repeatedReadings) }
            if host.failedReadings > 0 { json.member("failed_readings", host.failedReadings) }
            if !verdicts.isEmpty { json.verdicts(verdicts) }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func layer(_ layer: HostLayer) {
        member("layer", layer.layer)
        member("name", layer.name)
        member("namespace", layer.namespace)
        member("kind", layer.kind)
        member("direction", layer.direction)
        member("occupied", layer.occupied)
        member("capacity", layer.capacity)
        member("unit", layer.unit)
        milliseconds("delay_ms", layer.delay)
        member("bound", layer.bound)
        if layer.isPaced { member("paced", true) }
        // Since it began to exist; what was dropped while somebody looked stands beside it.
        member("drops", layer.drops)
        if layer.drops != nil { member("dropped_since", layer.droppedSince) }
        ratio("drops_per_s", layer.dropsPerSecond)
        ratio("drain_per_s", layer.drainPerSecond)
        if let pauses = layer.pauses {
            object("pause_frames") { json in
                json.member("received", pauses.received)
                json.ratio("received_per_s", pauses.receivedPerSecond)
                json.member("sent", pauses.sent)
                json.ratio("sent_per_s", pauses.sentPerSecond)
            }
        }
        member("trend", layer.trend)
        member("source", "kernel")
        ratio("confidence", layer.confidence)
    }
}
