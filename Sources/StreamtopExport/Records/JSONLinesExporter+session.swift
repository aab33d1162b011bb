import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// A call: all flows of one peer connection, or those that SIP set up. `time`: it goes on, and this is how it stood then.
    package mutating func appendCall(_ call: CallSnapshot, at time: Timestamp? = nil, to buffer: inout RecordBuffer) {
        record("session", to: &buffer) { json in
            if let time {
                json.time("ts", time)
                json.member("final", false)
            }
            json.member("kind", call.kind)
            json.member("id", "s\(call.number)")
            json.member("call_id", call.name)
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
                json.object("evidence") { json in
                    json.member("reflectors", call.reflectors)
                    if call.isCarrierGrade { json.member("carrier_grade", true) }
                    json.member("hairpin", call.hairpins)
                }
            }
            json.object("turn") { json in
                json.array("allocations", call.allocations) { json, one in
                    json.object { json in
                        json.flow("flow", one.flow)
                        json.allocation(one.allocation, client: one.client, server: one.server)
                    }
                }
            }
            if !call.signalling.isEmpty {
                json.array("signalling", call.signalling) { json, one in
                    json.object { json in
                        json.time("ts", one.time)
                        json.member("kind", one.kind)
                        json.member("method", one.method)
                        json.member("status", one.status)
                        json.member("from", one.from)
                        json.milliseconds("duration_ms", one.duration)
                        json.descriptions(one.descriptions)
                    }
                }
            }
            json.legs(call.legs)
            if let dtls = call.$dtls { json.dtlsSection(dtls.value, start: call.start) }
            json.array("streams", call.streams) { $0.string(JSONWriter.text(ofSource: $1)) }
            json.object("setup_ms") { json in
                json.milliseconds("signalling", call.signallingTime)
                json.milliseconds("ice", call.iceSetup)
                json.milliseconds("dtls", call.dtlsSetup)
                json.milliseconds("first_media", call.firstMedia)
            }
            json.verdicts(call.verdicts)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func legs(_ legs: [CallLeg]) {
        guard !legs.isEmpty else { return }
        array("legs", legs) { json, leg in
            json.object { json in
                json.object("in") { json in
                    json.flow("flow", leg.incoming.flow)
                    json.source("ssrc", leg.incoming.source)
                }
                json.object("out") { json in
                    json.flow("flow", leg.outgoing.flow)
                    json.source("ssrc", leg.outgoing.source)
                }
                json.member("join", leg.join)
                json.member("lost_in", leg.lostIn)
                json.member("lost_box", leg.lostInBox)
                json.member("lost_out", leg.lostOut)
                if let delay = leg.delay {
                    json.object("delay_ms") { json in
                        json.milliseconds("p50", delay.p50)
                        json.milliseconds("p95", delay.p95)
                        json.milliseconds("max", delay.maximum)
                    }
                }
                json.ratio("confidence", leg.confidence)
            }
        }
    }

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
