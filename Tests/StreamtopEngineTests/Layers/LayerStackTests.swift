import StreamtopBase
import Testing

@testable import StreamtopEngine

@Suite struct LayerStackTests {
    private func kinds(_ stack: borrowing LayerStack) -> [ProtocolKind] {
        var kinds: [ProtocolKind] = []
        for depth in 0..<stack.count { kinds.append(stack[depth].kind) }
        return kinds
    }

    @Test func aTunnelIsOneAboveTheOther() throws {
        var stack = LayerStack(.tcp, index: 4)
        #expect(stack.top == .tcp && stack.above(0) == nil && stack.index(of: .tcp) == 4)
        let onTCP = stack.push(.tls, index: 7, on: 0)
        let tls = try #require(onTCP)
        let onTLS = stack.push(.http1, index: 9, on: tls)
        let http = try #require(onTLS)
        #expect(stack.above(0) == tls && stack.above(tls) == http && stack.above(http) == nil)
        #expect(stack.top == .http1 && stack.index(of: .tls) == 7 && stack.index(of: .quic) == nil)
    }

    @Test func siblingsAreFoundByKind() throws {
        var stack = LayerStack(.udp)
        let first = stack.push(.stun, index: 1, on: 0)
        let stun = try #require(first)
        let second = stack.push(.dtls, index: 2, on: 0)
        let dtls = try #require(second)
        let onDTLS = stack.push(.dataChannel, index: 3, on: dtls)
        let data = try #require(onDTLS)
        #expect(stack.above(0, .dtls) == dtls && stack.above(0, .stun) == stun && stack.above(0, .dataChannel) == nil)
        #expect(stack.above(dtls) == data && stack.above(stun) == nil)
        #expect(stack.top == .stun)
    }

    @Test func whatStandsOnALayerGoesWithIt() throws {
        var stack = LayerStack(.udp)
        let second = stack.push(.dtls, index: 2, on: 0)
        let dtls = try #require(second)
        _ = stack.push(.stun, index: 1, on: 0)
        _ = stack.push(.sctp, index: 3, on: dtls)
        let third = stack.push(.rtp, index: 5, on: 0)
        let rtp = try #require(third)
        _ = stack.push(.rtcp, index: 6, on: rtp)
        var gone: [UInt32] = []
        stack.pop(to: dtls) { gone.append($0.index) }
        #expect(gone == [3, 2])
        let left = kinds(stack)
        #expect(left == [.udp, .stun, .rtp, .rtcp])
        let depth = stack.depth(of: .rtp)
        let moved = try #require(depth)
        let (above, expected) = (stack.above(moved), stack.depth(of: .rtcp))
        #expect(above == expected, "places moved, carriers with them")
    }

    @Test func aFullStackTakesNoMore() {
        var stack = LayerStack(.udp)
        for number in 1..<LayerStack.capacity {
            let depth = stack.push(.rtp, index: UInt32(number), on: 0)
            #expect(depth == number)
        }
        let depth = stack.push(.rtp, index: 99, on: 0)
        #expect(depth == nil)
        var gone = 0
        stack.pop(to: 0) { _ in gone += 1 }
        #expect(gone == LayerStack.capacity && stack.count == 0)
    }

    @Test func aCarrierThatIsNotThereCarriesNothing() {
        var stack = LayerStack(.udp)
        let depth = stack.push(.rtp, index: 1, on: 1)
        #expect(depth == nil && stack.count == 1)
    }
}
