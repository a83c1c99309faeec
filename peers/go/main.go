// go-salesforce, whose transport asks no proxy, signs in at the emulator's own URL and works with records,
// one by one, together and in bulk.
package main

import (
	"fmt"
	"os"

	salesforce "github.com/k-capehart/go-salesforce/v3"
)

type account struct {
	Id   string
	Name string
}

type name struct {
	Name string
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func expect(what string, found, expected int) {
	if found != expected {
		fmt.Println(what, "found", found, "expected", expected)
		os.Exit(1)
	}
}

func main() {
	key, err := os.ReadFile(os.Getenv("SF_JWT_KEY_FILE"))
	must(err)
	org, err := salesforce.Init(salesforce.Creds{
		Domain:         os.Getenv("SF_LOGIN_URL"),
		Username:       os.Getenv("SF_USERNAME"),
		ConsumerKey:    os.Getenv("SF_CLIENT_ID"),
		ConsumerRSAPem: string(key),
	})
	must(err)
	made, err := org.InsertOne("Account", name{"Peer one"})
	must(err)
	must(org.UpdateOne("Account", account{made.Id, "Peer two"}))
	_, err = org.UpsertOne("Contact", "Email", map[string]any{"Email": "ada@peer.example", "LastName": "Byron"})
	must(err)
	together, err := org.InsertCollection("Account", []name{{"Peer three"}, {"Peer four"}}, 200)
	must(err)
	expect("collection", len(together.Results), 2)
	_, err = org.InsertComposite("Account", []name{{"Peer five"}, {"Peer six"}}, 200, true)
	must(err)
	must(org.DeleteOne("Account", account{Id: made.Id}))
	var peers []account
	must(org.Query("SELECT Id, Name FROM Account WHERE Name LIKE 'Peer %'", &peers))
	expect("query", len(peers), 4)

	rows := make([]name, 3000)
	for at := range rows {
		rows[at].Name = fmt.Sprintf("Bulk %d", at)
	}
	jobs, err := org.InsertBulk("Account", rows, 1000, true)
	must(err)
	expect("jobs", len(jobs), 3)
	pages, err := org.QueryBulkIterator("SELECT Id, Name FROM Account WHERE Name LIKE 'Bulk %'")
	must(err)
	count := 0
	for pages.Next() {
		var page []account
		must(pages.Decode(&page))
		count += len(page)
	}
	must(pages.Error())
	expect("bulk", count, 3000)
	fmt.Println("all is well")
}
