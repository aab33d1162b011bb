import StreamtopBase
import Testing

@testable import StreamtopView

@Suite struct KeyBindingsTests {
    @Test func noKeyMeansTwoThingsInOnePlace() {
        for place in KeyBinding.Place.allCases {
            let keys = KeyBindings.all.filter { $0.place == place }.flatMap(\.keys)
            #expect(Set(keys).count == keys.count, "\(place)")
        }
    }

    @Test func everyEntryIsShownOrBelongsToOne() {
        for place in KeyBinding.Place.allCases {
            var hasEntry = false
            for binding in KeyBindings.all where binding.place == place {
                if binding.help != nil { hasEntry = true }
                #expect(hasEntry, "\(binding.action) has nothing to belong to")
                #expect(binding.help == nil || !binding.shown.isEmpty)
            }
        }
    }
}
