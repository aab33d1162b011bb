import Foundation
import StreamtopBase
import Testing

@testable import StreamtopHost

/// Queueing disciplines as kernels answer, most of them built from the headers (this kernel lacks them).
@Suite struct QdiscMessageTests {
    private static let built = [
        "fq", "fq_codel", "codel", "pie", "cake", "mq", "no-stats", "overrun", "pkt64", "error-eperm",
    ].flatMap { NetlinkFixture.names($0) }

    private func qdiscs(_ name: String) throws -> (fixture: NetlinkFixture, found: [QdiscMessage]?) {
        let fixture = try NetlinkFixture(name)
        return (fixture, try? fixture.messages { QdiscMessage(type: $0, $1) })
    }

    /// What every answer holds is what is read, whatever is cut off, unknown or longer than known.
    @Test(arguments: built) func countsAreThoseOfTheFixture(_ name: String) throws {
        let (_, found) = try qdiscs(name)
        let expected = try NetlinkFixture.values(name)["messages"] as? [[String: Any]] ?? []
        if name == "overrun" || name.contains("interrupted") || name.contains("-cut-") && name != "cake-cut-tin"
            || name == "error-eperm"
        {
            #expect(found == nil, "an answer that is not whole counts for nothing")
            return
        }
        let messages = try #require(found)
        #expect(messages.count == expected.count)
        for (message, values) in zip(messages, expected) {
            #expect(message.kind == values["kind"] as? String)
            #expect(message.isClass == (values["type"] as? String == "class"))
            #expect(
                "\(String(message.handle >> 16, radix: 16)):\(String(message.handle & 0xffff, radix: 16))"
                    == values["handle"] as? String)
            guard let stats = values["stats"] as? [String: Int] else {
                // Damaged: what the older attribute tells may be used instead.
                continue
            }
            let counts = try #require(message.counts)
            #expect(Int(counts.bytes) == stats["bytes"])
            #expect(Int(counts.packets) == stats["packets"])
            #expect(Int(counts.queued) == stats["qlen"])
            #expect(Int(counts.backlog) == stats["backlog"])
            #expect(Int(counts.drops) == stats["drops"])
            #expect(Int(counts.overlimits) == stats["overlimits"])
        }
    }

    /// A field is known as far as the structure reaches: unknown, not zero, beyond.
    @Test(arguments: built.filter { !$0.contains("cut") && !$0.contains("badattr") })
    func detailsAreThoseOfTheFixture(_ name: String) throws {
        let (_, found) = try qdiscs(name)
        let expected = try NetlinkFixture.values(name)["messages"] as? [[String: Any]] ?? []
        for (message, values) in zip(found ?? [], expected) {
            let fields = values["xstats"] as? [String: Any]
            func micro(_ key: String) -> Nanoseconds? { (fields?[key] as? Int).map { Nanoseconds($0) * 1_000 } }
            func number(_ key: String) -> UInt32? { (fields?[key] as? Int).map { UInt32($0) } }
            switch message.details {
            case .codel(let sojourn)?:
                #expect(sojourn.delay == micro("ldelay_us"))
                #expect(sojourn.marks == number("ecn_mark"))
            case .fairQueueClass(let sojourn)?: #expect(sojourn.delay == micro("ldelay_us"))
            case .fairQueueCodel(let marks, let new, let old, let memory)?:
                #expect(marks == number("ecn_mark") && new == number("new_flows_len"))
                #expect(old == number("old_flows_len") && memory == number("memory_usage"))
            case .fairQueue(let flows, let throttled, _, _)?:
                #expect(flows == number("flows") && throttled == number("throttled_flows"))
            case .pie(let delay, let marks)?:
                #expect(delay == micro("delay_us"))
                #expect(marks == number("ecn_mark"))
            case .cake(let memory, _, let tins)?:
                #expect(memory == number("memory_used"))
                let told = fields?["tins"] as? [[String: Any]] ?? []
                #expect(tins.count == min(8, told.count))
                for (tin, values) in zip(tins, told) {
                    #expect(tin.averageDelay == (values["avg_delay_us"] as? Int).map { Nanoseconds($0) * 1_000 })
                    #expect(tin.backlog.map(Int.init) == values["backlog_bytes"] as? Int)
                }
            case nil:
                #expect(
                    fields == nil || message.kind == "mq" || name.hasSuffix("xstats-0") || name.hasSuffix("type")
                        || name.contains("xstats-4") || name.contains("htb"))
            }
        }
    }

    /// What this kernel itself answered: disciplines it has.
    @Test(arguments: NetlinkFixture.names("qdisc-") + ["class-htb"]) func recordedAnswers(_ name: String) throws {
        let (_, found) = try qdiscs(name)
        let messages = try #require(found)
        let expected = try NetlinkFixture.values(name)["stats2"] as? [[String: Any]] ?? []
        #expect(messages.count == expected.count)
        for values in expected {
            let message = try #require(
                messages.first {
                    Int($0.handle) == values["handle"] as? Int && Int($0.parent) == values["parent"] as? Int
                })
            #expect(message.kind == values["kind"] as? String)
            #expect(message.counts.map { Int($0.backlog) } == values["backlog"] as? Int)
            #expect(message.counts.map { Int($0.bytes) } == values["bytes"] as? Int)
        }
        if name == "qdisc-tbf" {
            #expect(messages[0].configuredRate == 100_000)
            #expect(messages[0].isRoot)
        }
    }

    /// netem, which this kernel lacks and the fixtures do not have: built from linux/pkt_sched.h, with a later kernel's
    /// attributes, with one that is unknown, and cut at every byte.
    @Test func netem() throws {
        func words(_ values: UInt32...) -> [UInt8] { values.flatMap { Netlink.native($0) } }
        // latency 20 ms in ticks, limit, loss, gap, duplicate, jitter; then TCA_NETEM_CORR and TCA_NETEM_LATENCY64
        let options =
            words(312_500, 1_000, 0, 0, 0, 0) + Netlink.attribute(1, words(0, 0, 0))
            + Netlink.attribute(10, Netlink.native(UInt64(20_000_000)))
        let basic = Netlink.native(UInt64(9_876_543)) + words(7_000) + words(0)
        let queue = words(14, 21_196, 3, 0, 5)
        let statistics = Netlink.attribute(1, basic) + Netlink.attribute(3, queue) + Netlink.attribute(99, [1, 2])
        let head = [0, 0, 0, 0] as [UInt8] + Netlink.native(Int32(7)) + words(0x8001_0000, .max, 2)
        let body =
            head + Netlink.attribute(1, Array("netem".utf8) + [0]) + Netlink.attribute(77, [9])
            + Netlink.attribute(2, options) + Netlink.attribute(7 | 0x8000, statistics)
        func read(_ bytes: [UInt8]) -> QdiscMessage? { withSpan(bytes) { QdiscMessage(type: QdiscMessage.qdisc, $0) } }
        let message = try #require(read(body))
        #expect(message.kind == "netem" && message.isRoot && message.limit == .packets(1_000))
        let counts = try #require(message.counts)
        #expect(counts.bytes == 9_876_543 && counts.packets == 7_000 && counts.queued == 14)
        #expect(counts.backlog == 21_196 && counts.drops == 3 && counts.overlimits == 5)
        #expect(message.details == nil, "it measures no wait: backlog over drain is all there is")
        for length in 0..<body.count {
            // Whole or unknown: never a number of half an attribute.
            guard let cut = read(Array(body[..<length])) else { continue }
            #expect(cut.counts == nil || cut.counts == counts)
            #expect(cut.limit == nil || cut.limit == message.limit)
        }
    }
}
