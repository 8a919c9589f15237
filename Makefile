# The commands of the README; each is a small script in scripts/.
.DEFAULT_GOAL := help
.PHONY: help up down dev test faults cron-check bench logs openapi

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 8

up: ## build and start PyTask-Manager; prints its URL (PYTASK_PORT, default 8420)
	@scripts/up.sh

down: ## stop it; scripts, logs and settings stay in the volume
	docker compose down

logs: ## follow the controller's log
	docker compose logs --follow --tail 100 pytask-manager

dev: ## controller by cargo and the interface's dev server, for working on them
	@scripts/dev.sh

test: ## every check there is, from formatting to the browser; installs what it needs
	@scripts/test.sh

faults: ## every fault in full, about half an hour; prints a table of what came of it
	@scripts/faults.sh

cron-check: ## when schedules fire, held against CronSim; prints a table, takes about ten minutes
	@scripts/cron-check.sh

bench: ## figures of the product beside what else there is; ROWS="13 16" for some of them
	@scripts/bench.sh

openapi: ## renew the API's document, and the interface's types from it
	cargo run --quiet -- openapi > frontend/openapi.json.new
	mv frontend/openapi.json.new frontend/openapi.json
	cd frontend && npm run generate
