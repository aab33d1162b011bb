import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// A WebRTC session: all flows of one peer connection.
    package mutating func appendCall(_ call: CallSnapshot, to buffer: inout RecordBuffer) {
        record("session", to: &buffer) { json in
            json.member("kind", "webrtc")
            json.member("id", "s\(call.number)")
            json.array("flows", call.flows) { $0.string("f\($1.number)") }
            json.time("start", call.start)
            json.time("end", call.end)
            json.member("stage", call.stage)
            json.member("failure", call.failure)
            json.member("unanswered", call.unanswered?.description)
            json.ice(call)
            json.object("nat") { json in
                json.member("mapping", call.mapping)
                json.array("mapped", call.mapped) { $0.string($1.description) }
                json.object("evidence") { $0.member("reflectors", call.reflectors) }
            }
            if let dtls = call.$dtls { json.dtlsSection(dtls.value, start: call.start) }
            json.array("streams", call.streams) { $0.string(JSONWriter.text(ofSource: $1)) }
            json.object("setup_ms") { json in
                json.milliseconds("ice", call.iceSetup)
                json.milliseconds("dtls", call.dtlsSetup)
                json.milliseconds("first_media", call.firstMedia)
            }
            json.verdicts(call.verdicts)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func ice(_ call: CallSnapshot) {
        object("ice") { json in
            json.array("pairs", call.pairs) { json, pair in
                json.object { json in
                    json.member("local", pair.local.description)
                    json.member("remote", pair.remote.description)
                    json.member("local_type", pair.localType)
                    json.member("remote_type", pair.remoteType)
                    json.member("state", pair.state)
                    json.member("nominated", pair.isNominated)
                    json.member("requests", pair.requests)
                    json.member("responses", pair.responses)
                    json.member("requests_received", pair.requestsReceived)
                    json.member("responses_sent", pair.responsesSent)
                    json.roundTrip("rtt", pair.roundTrip)
                }
            }
            json.member("selected", call.selected)
            json.member("controlling", call.controlling)
            json.member("lite", call.lite)
            json.member("role_conflicts", call.roleConflicts)
            json.member("restarts", call.restarts)
            if let consent = call.consent {
                json.object("consent") { json in
                    json.member("sent", consent.sent)
                    json.member("answered", consent.answered)
                    json.member("lost", consent.lost)
                    json.milliseconds("last_ms", consent.last)
                }
            }
        }
    }
}
